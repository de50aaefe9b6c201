"""Files that people hand in: known by their content, kept once by their hash, hung on records."""
