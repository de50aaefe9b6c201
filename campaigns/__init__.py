"""Jinnuo: employer relations for housing-provident-fund departments."""
