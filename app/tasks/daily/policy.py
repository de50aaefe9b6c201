"""Who closes the day, who sees the board, and from when something counts as stuck."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, or_

from app.accounts.policy import in_scope
from app.core.options import Option
from app.core.permissions import Actor, Grantable, Role
from app.tasks.daily.models import DayClosing

STUCK_DAYS = Option(
    "tasks.stuck_days", _l("A task is stuck when overdue for more than"), 5, 1, 60, _l("working days")
)
ASKED = Option(
    "tasks.day_check", _l("End-of-day check"), 1, 0, 1,
    choices=((1, _l("asked of everybody who works with employers")), (0, _l("not asked"))),
)  # fmt: skip
OPTIONS = (STUCK_DAYS, ASKED)
#: whoever works with employers without leading closes the day
CLOSERS = (Role.SPECIALIST, Role.ENFORCEMENT_OFFICER)
#: how many days of leave are entered at once, and how many days late by whoever leads
LONGEST_LEAVE, LATE_LEAVE = 190, 31

#: why something due stays open
WHY = {
    "employer": _l("Waits for the employer"),
    "office": _l("Waits for another office or agency"),
    "colleague": _l("Waits for a colleague or leader"),
    "time": _l("No time left today"),
    "other": _l("Other"),
}


class Permission(Grantable):
    CLOSE = "daily:close", _l("Close one's own day")
    BOARD = "daily:board", _l("See the branch board and who has closed the day")


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The days of the actor's reach, and always one's own."""
    reach = in_scope(actor, DayClosing.branch_id, DayClosing.user_id)
    return reach if actor is None else or_(reach, DayClosing.user_id == actor.id)
