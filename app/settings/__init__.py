"""What the whole department goes by, kept by an administrator: the calendar of working days and the law."""
