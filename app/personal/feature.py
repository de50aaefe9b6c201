"""The manifest of personal data."""

from app.core.features import Feature
from app.personal import models  # noqa: F401
from app.personal.cli import personal
from app.personal.policy import GRANTS

feature = Feature(name="personal", grants=GRANTS, cli=(personal,))
