"""What account openings come to: the openings, the papers to follow, and their figures."""
