"""What lists show of an employer."""
