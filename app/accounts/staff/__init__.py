"""Staff lists: many users at once, by the rules for one."""
