"""Letters of campaigns: made in batches from claimed rows of the ledger, followed to the post's verdict."""
