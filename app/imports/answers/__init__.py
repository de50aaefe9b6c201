"""What is decided where a file contradicts people's corrections."""
