"""The monthly statement: what each employer paid, for whom, and through which month."""
