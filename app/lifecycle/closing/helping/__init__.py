"""Firms that are gone but still have an account, and whoever is to help them to close it."""
