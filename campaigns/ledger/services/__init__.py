"""The writes of the ledger, in the order of a message's life: plan, dispatch, settle, sweep."""
