"""The manifest of remembered columns."""

from app.core.features import Feature
from app.imports.columns.views import blueprint

feature = Feature(name="import_columns", blueprint=blueprint)
