"""What is done where a campaign was in vain: steps with conditions and waiting times, approved with it."""
