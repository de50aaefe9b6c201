"""Where employers are: the tree of districts, streets, parks and buildings, and whom to win there."""
