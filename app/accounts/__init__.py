"""Branches, users, roles, signing in and the second factor."""
