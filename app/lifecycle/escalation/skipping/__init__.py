"""Requests to pass steps over, to which a second person consents."""
