"""The hours and days on which a campaign may send, and when it will be through."""
