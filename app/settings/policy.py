"""Who looks at the department's calendar and law, and who keeps them."""

from flask_babel import lazy_gettext as _l

from app.core.permissions import LEADERS, Grantable, Grants, Role


class Permission(Grantable):
    VIEW = "settings:view", _l("See the calendar, the legal basis, the code tables and the deadlines")
    EDIT = "settings:edit", _l("Keep the calendar, the legal basis, the code tables and the deadlines")


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
