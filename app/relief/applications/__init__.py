"""Applications for relief: papers, the vote, review and approval, which ends in decisions of the register."""
