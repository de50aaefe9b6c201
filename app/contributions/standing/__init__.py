"""How each employer stands on a day: months in arrears, reckoned from the facts known by then."""
