"""Campaigns by letter: whom a letter can reach, what it says, and how it looks on paper."""
