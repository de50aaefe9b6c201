"""What runs: the processes of one machine, their supervisor, the clockwork, health and backups."""
