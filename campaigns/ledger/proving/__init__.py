"""Messages as evidence on the way from service to enforcement."""
