"""Who reads and who enters gateway accounts, and what their codes mean."""

from flask_babel import lazy_gettext as _l

from app.core.permissions import LEADERS, OFFICE, Grantable, Grants, Role


class Permission(Grantable):
    CODES_VIEW = "gateways:view_codes", _l("See what the codes of SMS gateways mean")
    CODES_EDIT = "gateways:edit_codes", _l("Say what a gateway's code means here")
    ACCOUNTS_VIEW = "gateways:view_accounts", _l("See the accounts at SMS providers, without their secrets")
    ACCOUNTS_EDIT = "gateways:edit_accounts", _l("Enter accounts at SMS providers and their secrets")

    WORDS_VIEW = "gateways:view_words", _l("See the words that gateways refuse")
    WORDS_EDIT = "gateways:edit_words", _l("Edit the words that gateways refuse")


GRANTS: Grants = {
    Permission.CODES_VIEW: (*LEADERS, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN),
    Permission.CODES_EDIT: (Role.SYSTEM_ADMIN,),
    Permission.ACCOUNTS_VIEW: (*LEADERS, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN),
    Permission.ACCOUNTS_EDIT: (Role.SYSTEM_ADMIN,),
    Permission.WORDS_VIEW: (*OFFICE, Role.SYSTEM_ADMIN),
    Permission.WORDS_EDIT: (Role.BRANCH_HEAD, Role.SYSTEM_ADMIN),
}
