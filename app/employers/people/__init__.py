"""People: who speaks for an employer, in which role and since when, and whether their numbers are good."""
