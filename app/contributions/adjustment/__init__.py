"""The yearly adjustment of contribution bases: who is invited, has come, has submitted, and is checked."""
