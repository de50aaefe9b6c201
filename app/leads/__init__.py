"""The lead ledger: firms that should contribute and do not yet."""
