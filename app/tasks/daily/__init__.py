"""The branch board for those who lead, and the end-of-day check (日清日结) of everybody."""
