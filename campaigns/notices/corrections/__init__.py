"""What the readers of notices say is wrong in the records: proposals, until somebody has looked into them."""
