"""Test sends: a campaign's text to listed colleagues, through the real gateway and outside of its balance."""
