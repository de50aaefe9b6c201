"""The demonstration department: synthetic, reproducible, and about as large as a real one."""
