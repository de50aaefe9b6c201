"""What came after an import, or came before it though it speaks of a later day."""
