"""What a campaign can speak through; one folder per channel, above the gateways, below the drafting."""
