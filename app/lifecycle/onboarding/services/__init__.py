"""Writing down how an employer is taken on, and asking after what is stuck."""
