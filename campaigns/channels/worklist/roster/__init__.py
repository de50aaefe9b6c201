"""Rosters of drives: employers with their counts or their people, by import; names go when they are due."""
