"""Reading rosters of key employers, and how far each has come."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select

from app.core.db import db
from app.core.finding import the_one
from app.core.permissions import Actor
from app.relief.roster.models import WANTS, ReliefRoster, ReliefRosterLine
from app.relief.roster.policy import lines_visible_to, visible_to


@dataclass(frozen=True)
class Progress:
    """How many employers a roster has, and how many were surveyed, intend relief, and were handled."""

    lines: int = 0
    surveyed: int = 0
    intending: int = 0
    handled: int = 0


def rosters(actor: Actor) -> Sequence[tuple[ReliefRoster, Progress]]:
    """The rosters that the actor sees, the latest first, each as far as the actor sees its employers."""
    line = ReliefRosterLine
    counted = (
        select(
            line.roster_id,
            func.count(),
            func.count(line.surveyed_on),
            func.count().filter(line.intent.in_(WANTS)),
            func.count(line.handled_on),
        )
        .where(lines_visible_to(actor))
        .group_by(line.roster_id)
    )
    progress = {roster_id: Progress(*numbers) for roster_id, *numbers in db.session.execute(counted)}
    query = select(ReliefRoster).where(visible_to(actor)).order_by(ReliefRoster.id.desc())
    return [(one, progress.get(one.id, Progress())) for one in db.session.scalars(query)]


def progress_of(roster_id: int, actor: Actor) -> Progress:
    return next((progress for one, progress in rosters(actor) if one.id == roster_id), Progress())


def find(roster_id: int, actor: Actor) -> ReliefRoster:
    """The roster, or NotFound when it is out of the actor's reach."""
    query = select(ReliefRoster).where(ReliefRoster.id == roster_id, visible_to(actor))
    return the_one(query, _l("There is no such roster."))


def find_line(line_id: int, actor: Actor) -> ReliefRosterLine:
    """One employer of a roster, or NotFound when the employer is out of the actor's reach."""
    query = select(ReliefRosterLine).where(ReliefRosterLine.id == line_id, lines_visible_to(actor))
    return the_one(query, _l("There is no such line."))


def lines(actor: Actor | None, roster_id: int) -> Select[ReliefRosterLine]:
    """The employers of a roster in the actor's reach."""
    return select(ReliefRosterLine).where(ReliefRosterLine.roster_id == roster_id, lines_visible_to(actor))


def members(roster_id: int) -> set[int]:
    """The ids of the employers that a roster has already."""
    query = select(ReliefRosterLine.employer_id).where(ReliefRosterLine.roster_id == roster_id)
    return set(db.session.scalars(query))


def lines_of(employer_id: int) -> Sequence[ReliefRosterLine]:
    """An employer's lines, the latest first."""
    query = select(ReliefRosterLine).where(ReliefRosterLine.employer_id == employer_id)
    return db.session.scalars(query.order_by(ReliefRosterLine.id.desc())).all()
