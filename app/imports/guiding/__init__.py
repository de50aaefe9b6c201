"""What may stand in a file of each kind, told before one is filled in."""
