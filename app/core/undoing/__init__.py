"""Writes that can be taken back: noted with what stood before, undone row by row or not at all."""
