"""What to say: answers to objections and plain-language sheets in versions, and rehearsals of them."""
