"""What a campaign says and to whom: audience, content, and the approval of a second person."""
