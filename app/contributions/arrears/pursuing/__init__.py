"""Arrears cases as matters that may be pursued as far as the court."""
