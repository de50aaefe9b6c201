"""The manifest of accounts: who administers users, branches and roles."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from app.accounts import demo
from app.accounts.cli import branches_group, users_group
from app.accounts.policy import Permission
from app.accounts.views import bp
from app.config import current_settings
from app.core.features import Feature, NavItem
from app.core.handing_over import Kept
from app.core.permissions import Role
from app.core.web import limits

ADMINISTRATORS = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)


def _init(app: Flask) -> None:
    with app.app_context():
        limits.init_app(app, current_settings())
    app.cli.add_command(branches_group)


feature = Feature(
    name="accounts",
    kept=tuple(
        Kept(f"{table}.user_id", _l("It belongs to the account itself."))
        for table in ("user_roles", "recovery_codes", "list_preferences")
    ),
    blueprint=bp,
    navigation=(
        NavItem(_l("Users"), "administration.users", Permission.USERS_VIEW, "people", "admin", 10),
        NavItem(
            _l("Branches"), "administration.branches", Permission.BRANCHES_VIEW, "diagram-3", "admin", 20
        ),
        NavItem(_l("Roles"), "administration.roles", Permission.ROLES_VIEW, "shield-check", "admin", 30),
    ),
    grants={
        Permission.USERS_VIEW: ADMINISTRATORS,
        Permission.USERS_EDIT: (Role.SECURITY_ADMIN,),
        Permission.BRANCHES_VIEW: ADMINISTRATORS,
        Permission.BRANCHES_EDIT: (Role.SYSTEM_ADMIN,),
        Permission.ROLES_VIEW: ADMINISTRATORS,
    },
    cli=users_group,
    demo=demo.load,
    init=_init,
)
