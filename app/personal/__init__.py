"""Personal data: the keys that seal it, and how long it is kept."""
