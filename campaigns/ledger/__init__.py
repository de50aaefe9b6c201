"""One row for each message a campaign means to send, written before sending and settled honestly."""
