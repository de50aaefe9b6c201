"""Signing in: passwords, the second factor, and the small secrets it keeps."""
