"""Who reads and who corrects what a gateway's codes mean."""

from flask_babel import lazy_gettext as _l

from app.core.permissions import LEADERS, Grantable, Grants, Role


class Permission(Grantable):
    CODES_VIEW = "gateways:view_codes", _l("See what the codes of SMS gateways mean")
    CODES_EDIT = "gateways:edit_codes", _l("Say what a gateway's code means here")


GRANTS: Grants = {
    Permission.CODES_VIEW: (*LEADERS, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN),
    Permission.CODES_EDIT: (Role.SYSTEM_ADMIN,),
}
