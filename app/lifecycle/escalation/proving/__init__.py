"""What must be there before a step is taken, and what is filed when it is."""
