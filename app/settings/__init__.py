"""What the whole department goes by, kept by an administrator: working days, the law, tables of codes, and
deadlines."""
