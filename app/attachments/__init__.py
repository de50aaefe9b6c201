"""Files on records: what was handed in, by whom, what it proves; kept once, and read only with permission."""
