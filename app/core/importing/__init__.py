"""What a feature declares so that a spreadsheet can be imported into it, and the lines that come of one."""
