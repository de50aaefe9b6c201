"""How often people and employers are written to, over all campaigns."""
