"""Employers from first rumour to closure, their contacts and former names."""
