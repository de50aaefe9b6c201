"""The manifest of the sheet."""

from app.core.features import Feature
from app.employers.sheet.views import blueprint

feature = Feature(name="sheet", blueprint=blueprint)
