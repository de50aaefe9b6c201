"""Whole code tables from a file, such as all classes of GB/T 4754."""
