"""What somebody must do: owner, due date, source and result."""
