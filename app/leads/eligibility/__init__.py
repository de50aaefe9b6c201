"""Who is obliged to contribute: rules as data, decisions by hand, and what is still unclear."""
