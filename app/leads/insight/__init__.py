"""What came into the ledger and what left it, month by month, and how far leads get."""
