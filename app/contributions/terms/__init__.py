"""Approved terms of deferment, as arrears are reckoned by them in Python."""
