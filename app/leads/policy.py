"""Who works the lead ledger."""

from flask_babel import lazy_gettext as _l

from app.core.permissions import Grantable

#: how registries write operating status, by the codes of its table; what comes first counts
STATUS_WORDS = (
    ("05", ("已注销",)),
    ("04", ("吊销", "撤销")),
    ("05", ("注销",)),
    ("03", ("异常",)),
    ("02", ("停业", "歇业", "清算")),
    ("01", ("存续", "续存", "在营", "在业", "开业", "在册", "正常")),
)


def status_of(written: str) -> str | None:
    """The operating status (table operating_status) that a registry's word means; None for one unheard of.

    >>> status_of("吊销，未注销")
    '04'
    """
    return next((code for code, words in STATUS_WORDS if any(word in written for word in words)), None)


class Permission(Grantable):
    VIEW = "leads:view", _l("See the lead ledger")
    IMPORT = "leads:import", _l("Import the lists that leads come from: registry, bank, social insurance")
    #: for oneself, within one's capacity
    CLAIM = "leads:claim", _l("Claim leads, give them back, and enter what is found out about them")
    CAPACITY = "leads:capacity", _l("Say how many leads a specialist has at most")
    RULES = "leads:eligibility", _l("Keep the rules of who is obliged to contribute")
