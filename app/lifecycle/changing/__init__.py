"""Changes of particulars as matters: noted or discovered, proven by papers, registered within the term."""
