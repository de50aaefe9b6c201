"""Who may send tests, who may list their readers, and how many a reader gets."""

from flask_babel import lazy_gettext as _l

from app.core.options import Option
from app.core.permissions import LEADERS, Grantable, Grants, Role


class Permission(Grantable):
    SEND = "trials:send", _l("Send a campaign's text to listed colleagues as a test")
    LIST = "trials:list", _l("List the colleagues who receive test sends")


GRANTS: Grants = {Permission.SEND: (Role.SPECIALIST, *LEADERS), Permission.LIST: LEADERS}

A_DAY = Option(
    "campaigns.trials_a_day", _l("Test messages to one colleague in a day"), 10, 1, 50, _l("messages")
)
