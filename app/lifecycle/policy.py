"""Who moves an employer from stage to stage."""

from flask_babel import lazy_gettext as _l

from app.core.options import Option
from app.core.permissions import Grantable

#: operating status (table operating_status): licence revoked, deregistered
GONE = ("04", "05")
CLOSING_DAYS = Option(
    "lifecycle.closing_days", _l("Help to close an account within"), 20, 1, 90, _l("working days")
)
LATE_DAYS = Option(
    "lifecycle.late_days", _l("Ask why a contribution is late within"), 3, 1, 30, _l("working days")
)
#: as the law gives them from the event on (legal basis change_or_deregister)
DEREGISTER_DAYS = Option(
    "lifecycle.deregister_days", _l("Firms that are revoked or deregistered close their account within"),
    30, 1, 180, _l("days"), _l("Counted from the day of which the status is known."),
)  # fmt: skip
OPTIONS = (CLOSING_DAYS, LATE_DAYS, DEREGISTER_DAYS)


class Permission(Grantable):
    MOVE = "lifecycle:move", _l("Move employers from stage to stage")
    DISMISS = "lifecycle:dismiss", _l("Set leads aside and take them up again")
    CLOSE = "lifecycle:close", _l("Seal, reopen and close employers' accounts")
    CORRECT_CLOSED = "lifecycle:correct_closed", _l("Correct the facts of employers whose account is closed")
