"""Values of rows in the reader's words."""
