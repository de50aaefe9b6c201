"""The manifest of imports."""

from app.core.features import Feature
from app.core.jobs import Every
from app.core.permissions import LEADERS, Role
from app.imports.cli import group
from app.imports.jobs import sweep_batches
from app.imports.policy import Permission

feature = Feature(
    name="imports",
    grants={
        Permission.VIEW: (Role.SPECIALIST, Role.ENFORCEMENT_OFFICER, *LEADERS),
        Permission.RUN: (Role.SPECIALIST, *LEADERS),
        Permission.UNDO: (Role.SPECIALIST, *LEADERS),
    },
    schedule=(Every(30, sweep_batches),),
    cli=group,
)
