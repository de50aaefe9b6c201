"""The letter channel: outlines in versions, letterheads, document numbers, and how a letter is set in type."""
