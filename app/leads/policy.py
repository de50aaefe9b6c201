"""Who works the lead ledger."""

from flask_babel import lazy_gettext as _l

from app.core.permissions import Grantable


class Permission(Grantable):
    VIEW = "leads:view", _l("See the lead ledger")
    IMPORT = "leads:import", _l("Import the lists that leads come from: registry, bank, social insurance")
    #: for oneself, within one's capacity
    CLAIM = "leads:claim", _l("Claim leads, give them back, and enter what is found out about them")
    CAPACITY = "leads:capacity", _l("Say how many leads a specialist has at most")
    RULES = "leads:eligibility", _l("Keep the rules of who is obliged to contribute")
