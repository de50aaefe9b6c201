"""Who sees and sets how long personal data is kept."""

from flask_babel import lazy_gettext as _l

from app.core.permissions import LEADERS, Grantable, Grants, Role


class Permission(Grantable):
    VIEW = "personal:view", _l("See how long personal data is kept, and what is due to be deleted")
    EDIT = "personal:edit", _l("Set how long personal data is kept, and delete what is due")


GRANTS: Grants = {
    Permission.VIEW: (*LEADERS, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN),
    Permission.EDIT: (Role.SECURITY_ADMIN,),
}
