"""Records of one and the same employer: found, weighed, and merged into one so that it can be taken back."""
