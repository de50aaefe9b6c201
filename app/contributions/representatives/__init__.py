"""The legal representatives that a statement names, as the unit information of JGJ/T 320 has them."""
