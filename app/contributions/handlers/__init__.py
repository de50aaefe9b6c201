"""The handlers that a monthly statement names."""
