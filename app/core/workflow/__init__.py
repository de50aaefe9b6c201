"""Workflow as data: its parts, the one way a state changes, the same for sets, its pages and its picture."""
