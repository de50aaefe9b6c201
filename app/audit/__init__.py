"""What happened, who did it, and the proof that nobody changed the record of it since."""
