"""Following up a campaign: its steps are taken for whoever it did not reach, once for each employer."""
