"""Worklists (专项行动): drives that give each employer to a specialist as a call or a visit."""
