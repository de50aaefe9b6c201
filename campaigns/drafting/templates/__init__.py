"""Ready texts in versions: a draft is edited, a published one frozen, and campaigns keep what they used."""
