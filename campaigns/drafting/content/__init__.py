"""What a campaign may say: the variables of its text, the rules each class of message obeys, ready texts."""
