"""Who an employer is and was: names, kinship, whom to ask, and what was verified on its word."""
