"""The gateway's bill and the print manifest against the ledger, line by line."""
