"""The manifest of the audit trail."""

from flask import Flask

from app.audit import services
from app.audit.cli import group
from app.audit.policy import Permission
from app.core.features import Feature
from app.core.permissions import Role


def _init(app: Flask) -> None:
    with app.app_context():
        services.install()


feature = Feature(
    name="audit",
    grants={
        Permission.VIEW: (Role.AUDIT_ADMIN, Role.SECURITY_ADMIN),
        Permission.EXPORT: (Role.AUDIT_ADMIN, Role.SECURITY_ADMIN),
        Permission.VERIFY: (Role.AUDIT_ADMIN, Role.SECURITY_ADMIN),
    },
    cli=group,
    init=_init,
)
