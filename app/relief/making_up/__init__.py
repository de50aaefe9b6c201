"""Plans for making up what was deferred, and what statements show of them."""
