"""The lead ledger (促建任务台账): firms without an account, the most promising first."""
