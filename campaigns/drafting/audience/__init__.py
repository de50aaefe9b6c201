"""Whom a campaign reaches: from a segment to contacts, with a reason for everybody who is left out."""
