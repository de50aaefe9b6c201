"""Signing in and out, the second factor, and one's own account."""
