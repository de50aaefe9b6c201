"""Closing an account: the event and its clocks, papers, and where employees' accounts went."""
