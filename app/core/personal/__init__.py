"""Personal data: sealed, found by a keyed hash, revealed for a reason, kept no longer than allowed."""
