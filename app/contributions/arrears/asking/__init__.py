"""Whose cases are to be looked at: after a statement, after its undo, after an upgrade."""
