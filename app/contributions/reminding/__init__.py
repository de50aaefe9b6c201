"""Reminders in three speeds: on the day a month falls overdue, early for repeaters, and ahead to prevent."""
