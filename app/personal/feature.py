"""The manifest of personal data."""

from flask_babel import lazy_gettext as _l

from app.core.features import Feature, NavItem
from app.core.jobs import DailyAt
from app.personal.cli import personal, retention
from app.personal.jobs import every_night
from app.personal.policy import GRANTS, Permission
from app.personal.views import bp

feature = Feature(
    name="personal",
    blueprint=bp,
    navigation=(
        NavItem(
            _l("Retention of personal data"),
            "personal.rules",
            Permission.VIEW,
            "hourglass-split",
            "admin",
            70,
        ),
    ),
    grants=GRANTS,
    schedule=(DailyAt("02:40", every_night),),
    cli=(personal, retention),
)
