"""Contribution plans: what paying would cost this employer and its employees a month."""
