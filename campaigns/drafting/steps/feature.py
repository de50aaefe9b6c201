"""The manifest of steps."""

from app.core.features import Feature
from campaigns.drafting.steps.policy import WAIT_DAYS
from campaigns.drafting.steps.views import blueprint

feature = Feature(name="steps", blueprint=blueprint, options=(WAIT_DAYS,))
