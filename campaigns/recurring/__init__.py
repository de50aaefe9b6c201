"""Recurring rules: what is said again and again, to whom it concerns now, once for each occasion."""
