"""The SMS channel: how a text is filled in, signed, counted and priced, and how people leave it."""
