"""The manifest of uploaded audiences."""

from app.core.features import Feature
from campaigns.drafting.uploads.views import blueprint

feature = Feature(name="uploads", blueprint=blueprint)
