"""Who sees which rosters: those of one's branch and of one's reach; a line shows with its employer."""

from sqlalchemy import ColumnElement, or_, select

from app.accounts.policy import in_scope
from app.core.permissions import Actor
from app.employers.models import Employer
from app.employers.policy import visible_to as employer_visible_to
from app.relief.roster.models import ReliefRoster, ReliefRosterLine


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The rosters of the actor's reach, and always those of the branch one works in."""
    reach = in_scope(actor, ReliefRoster.branch_id, ReliefRoster.made_by_id)
    return reach if actor is None else or_(reach, ReliefRoster.branch_id == actor.branch_id)


def lines_visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The lines of employers in the actor's reach."""
    return ReliefRosterLine.employer_id.in_(select(Employer.id).where(employer_visible_to(actor)))
