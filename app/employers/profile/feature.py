"""The manifest of the profile."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature
from app.core.moving import Mover
from app.employers.profile.lists import FIELDS
from app.employers.profile.models import RiskFlag, ServiceNote

feature = Feature(
    name="profile",
    employer_fields=FIELDS,
    movers=(
        Mover(ServiceNote.__tablename__, _l("Service notes"), anchor="profile"),
        Mover(RiskFlag.__tablename__, _l("Risk flags"), distinct=("code", "until"), anchor="profile"),
    ),
)
