"""Papers checked one by one: what is asked for, what was found, and how to put it right."""
