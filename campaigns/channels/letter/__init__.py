"""The letter channel: outlines in versions, letterheads, document numbers, and how letters are set."""
