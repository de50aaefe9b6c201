"""Recurring rules: what the department says again and again, each time to whom it concerns now, once a period."""
