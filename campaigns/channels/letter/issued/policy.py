"""Who issues letters and follows them, and who sees which."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement

from app.accounts.policy import in_scope
from app.core.permissions import LEADERS, Actor, Grantable, Grants, Role
from campaigns.channels.letter.issued.models import Letter


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
