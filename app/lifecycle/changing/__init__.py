"""Changes of name and address as matters: noted or discovered, proven by papers, registered in time."""
