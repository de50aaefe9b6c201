"""How far a campaign got: its funnel, by branch, area and specialist, and campaigns side by side."""
