"""Finding duplicates, deciding on them, merging, and taking a merge back."""
