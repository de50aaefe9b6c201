"""Who looks at the department's calendar and law, and who keeps them."""

from flask_babel import lazy_gettext as _l

from app.core.permissions import LEADERS, Grantable, Grants, Role


class Permission(Grantable):
    VIEW = "settings:view", _l("See the working-day calendar, the legal basis and the code tables")
    EDIT = "settings:edit", _l("Keep the working-day calendar, the legal basis and the code tables")


GRANTS: Grants = {
    Permission.VIEW: (
        Role.ENFORCEMENT_OFFICER,
        *LEADERS,
        Role.SYSTEM_ADMIN,
        Role.SECURITY_ADMIN,
        Role.AUDIT_ADMIN,
    ),
    Permission.EDIT: (Role.SYSTEM_ADMIN,),
}
