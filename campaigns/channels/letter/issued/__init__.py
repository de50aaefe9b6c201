"""Letters that were issued: numbered without gaps, archived, posted, and followed until they are served."""
