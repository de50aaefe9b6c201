"""What a campaign brought: those who were messaged beside those held out by lot."""
