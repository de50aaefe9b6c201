"""One record to one employer: a campaign of one, drafted from the page of the record."""
