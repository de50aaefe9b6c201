"""The demonstration's manifest."""

from app.core.features import Feature
from app.demo.cli import group

feature = Feature(name="demo", cli=group)
