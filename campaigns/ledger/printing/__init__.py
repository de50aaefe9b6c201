"""Print batches of letters: what is handed to the print room, counted out and in."""
