"""Which files are expected by when, and what becomes of those that do not come."""
