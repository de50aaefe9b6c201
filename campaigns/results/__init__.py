"""What came of a campaign: the balance of its ledger, and what its readers did."""
