"""Where what is known of an employer comes from: who said what, as of when, and whose word counts."""
