"""What is known of the employers that the lines of a statement name."""
