"""Which column of a file is which, as a person said, and remembered for the next file of the same source."""
