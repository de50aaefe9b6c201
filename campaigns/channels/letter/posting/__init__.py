"""What the post office says of letters: its list, imported."""
