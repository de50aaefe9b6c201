"""The identity documents of the people whom a statement names: kept sealed, whosever they are."""
