"""Who issues letters and follows them, and who sees which."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement

from app.accounts.policy import in_scope
from app.core.options import Option
from app.core.permissions import LEADERS, Actor, Grantable, Grants, Role
from campaigns.channels.letter.issued.models import Letter

ADDRESS_DAYS = Option(
    "letters.address_days",
    _l("Working days to find out the address of a letter that came back"),
    usual=3,
    low=1,
    high=30,
    unit=_l("working days"),
)


class Permission(Grantable):
    ISSUE = "letters:issue", _l("Issue and void letters")
    FOLLOW = "letters:follow", _l("Record posting, delivery, refusal and return of letters")


GRANTS: Grants = {
    Permission.ISSUE: LEADERS,
    Permission.FOLLOW: (Role.SPECIALIST, *LEADERS),
}


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The letters of the branches the actor reaches; within own scope, the ones the actor issued."""
    return in_scope(actor, Letter.branch_id, Letter.by_id)
