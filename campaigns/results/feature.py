"""The manifest of the results."""

from app.core.features import Feature
from campaigns.results.effect.policy import DAYS, LEAST
from campaigns.results.views import blueprint

feature = Feature(name="results", blueprint=blueprint, options=(DAYS, LEAST))
