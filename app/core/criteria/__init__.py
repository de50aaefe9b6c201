"""Saved criteria: trees of rules over declared fields, their SQL, their sentence, and the segments kept of them."""
