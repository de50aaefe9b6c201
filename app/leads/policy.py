"""Who works the lead ledger."""

from flask_babel import lazy_gettext as _l

from app.core.permissions import Grantable


class Permission(Grantable):
    VIEW = "leads:view", _l("See the lead ledger")
    IMPORT = "leads:import", _l("Import the lists that leads come from: registry, bank, social insurance")
