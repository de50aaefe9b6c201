"""The gateways' manifest: a command group and nothing to look at."""

from app.core.features import Feature
from campaigns.gateways.cli import group

feature = Feature(name="gateways", cli=group)
