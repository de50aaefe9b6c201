"""Whose a lead is: claimed within a capacity, and back in the pool when nobody works on it."""
