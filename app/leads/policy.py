"""Who works the lead ledger, and which firms need not contribute."""

from flask_babel import lazy_gettext as _l

from app.core.i18n import msgid
from app.core.permissions import Grantable


class Permission(Grantable):
    VIEW = "leads:view", _l("See the lead ledger")
    IMPORT = "leads:import", _l("Import company registries as leads")


#: why a firm is not obliged, by the first two characters of its credit code (GB 32100: authority and kind)
NOT_OBLIGED = {
    "92": msgid("Individual business: not an employing unit under the Regulation"),
}


def ineligible_reason(uscc: str) -> str | None:
    """The msgid of why a firm of this code need not contribute; None if it must."""
    return NOT_OBLIGED.get(uscc[:2])
