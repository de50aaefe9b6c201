"""The web side of the house: the application, its frame around every page, refusals, links and pictures."""
