"""Spreadsheets: read safely in a guarded child, understood cell by cell, and written."""
