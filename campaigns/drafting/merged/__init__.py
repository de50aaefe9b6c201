"""One message for each person, and nobody who is held out."""
