"""Who stands in the lead ledger, since when, in which order and why; and when they left it."""
