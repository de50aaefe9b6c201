"""Who sees the dashboard and who sets targets."""

from flask_babel import lazy_gettext as _l

from app.core.permissions import Grantable


class Permission(Grantable):
    VIEW = "targets:view", _l("See the dashboard and the targets")
    SET = "targets:set", _l("Set the targets of branches and colleagues")
