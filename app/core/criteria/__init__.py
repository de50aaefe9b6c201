"""Saved criteria: trees of rules over declared fields, their SQL, their sentence, their segments."""
