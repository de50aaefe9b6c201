"""Reading the file of a batch ahead of the transactions that write what it says."""
