"""The manifest of drafting letters."""

from app.core.features import Feature
from campaigns.drafting.letters.views import blueprint

feature = Feature(name="letter_drafts", blueprint=blueprint)
