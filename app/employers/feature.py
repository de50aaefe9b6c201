"""The employers' manifest."""

from flask_babel import lazy_gettext as _l

import app.employers.services  # noqa: F401 - keeps the search index while sessions flush
from app.core.features import Feature, NavItem
from app.core.permissions import LEADERS, OFFICE, Role
from app.employers import demo
from app.employers.cli import segments
from app.employers.policy import Permission
from app.employers.views import blueprint

feature = Feature(
    name="employers",
    blueprint=blueprint,
    grants={
        Permission.VIEW: (*OFFICE, Role.BANK_PARTNER),
        Permission.EDIT: (Role.SPECIALIST, *LEADERS),
        Permission.EXPORT: OFFICE,
        Permission.ASSIGN: LEADERS,
        Permission.REVEAL: OFFICE,
        Permission.PUBLISH: LEADERS,
    },
    navigation=(
        NavItem(_l("Employers"), "employers.index", Permission.VIEW, "buildings", "employers", 10),
        NavItem(_l("Segments"), "employers.segments", Permission.VIEW, "bookmarks", "employers", 90),
    ),
    cli=(segments,),
    demo=demo.load,
)
