"""The manifest of the page that verifies letters."""

from app.core.features import Feature
from campaigns.notices.letters.views import blueprint

feature = Feature(name="letter_notices", blueprint=blueprint)
