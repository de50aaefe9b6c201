"""The rows of a batch that are worth remembering."""
