"""A day of visits: the leads of an area in their order, chosen and printed."""
