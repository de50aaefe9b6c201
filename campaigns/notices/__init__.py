"""The page a handler opens from a message: no login, but only for whoever holds the phone it was sent to."""
