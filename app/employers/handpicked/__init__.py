"""Segments whose members are chosen by hand, beside those that criteria describe."""
