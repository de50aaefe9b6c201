"""The manifest of tips and referrals."""

from app.core.features import Feature
from app.leads.tips.views import blueprint

feature = Feature(name="tips", blueprint=blueprint)
