"""Tips and referrals by partner offices, entered by hand: sources like the lists, each with its day."""
