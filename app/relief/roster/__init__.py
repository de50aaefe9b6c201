"""Key employers that hardship may have hit: surveyed one by one, and what came of it."""
