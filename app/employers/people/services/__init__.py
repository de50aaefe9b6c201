"""Changing people: their data and whether it is good, their roles, and two records of one."""
