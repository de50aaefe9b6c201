"""Spreadsheets in: dry run, apply, undo. Knows no feature; the specs come from the manifests."""
