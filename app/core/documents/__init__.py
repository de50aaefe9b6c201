"""Documents set in type: typst in a guarded child, and the pages of what it made."""
