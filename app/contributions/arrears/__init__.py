"""Arrears cases: why an employer is behind, what it promised, how it ended; statements open and end them."""
