"""The engine of imports: what a batch asks for, chunk by chunk."""
