"""What follows from what comes back: each class of outcome with its task, whose it is, and by when."""
