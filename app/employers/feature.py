"""The employers' manifest."""

from app.core.features import Feature
from app.core.permissions import LEADERS, OFFICE, Role
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
    cli=(segments,),
)
