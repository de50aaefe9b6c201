"""Which campaigns may send now, what waits for another day, and when the last message will have gone."""
