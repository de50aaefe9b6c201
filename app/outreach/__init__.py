"""Visits and calls: what was said to whom, what came of it, and what comes next."""
