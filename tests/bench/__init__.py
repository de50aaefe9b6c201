"""Figures as ratios: ours against the bare thing, measured in one run on one machine."""
