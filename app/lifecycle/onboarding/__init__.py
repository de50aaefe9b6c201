"""Taking an employer on: papers checked beforehand, five milestones, online signing, and what is stuck."""
