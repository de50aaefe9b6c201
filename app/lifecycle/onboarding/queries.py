"""Reading openings and who stands at which step."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import aliased, joinedload, load_only, selectinload

from app.accounts.models import User
from app.accounts.queries import name_of
from app.core.db import among, db
from app.core.escalating import Ending, Outcome
from app.core.permissions import Actor
from app.employers.models import Employer, Stage
from app.employers.policy import visible_to as employers_visible_to
from app.lifecycle.onboarding.models import (
    BundleStep,
    DocumentCheck,
    Opening,
    OpeningState,
    SigningEvent,
)
from app.lifecycle.onboarding.policy import (
    STEPS,
    TO_OPEN,
    Place,
    Step,
    accounts_missing,
    place_of,
    under_way,
)
from app.lifecycle.papers.models import CheckResult
from app.tasks.models import Task, TaskState

#: how many employers a column of the board shows; its heading leads to all of them
SHOWN = 30
_FINAL = (OpeningState.APPROVED, OpeningState.WITHDRAWN)


def opened_since(kind: str) -> Sequence[int]:
    """Employers with an open task of the kind although they wait for no account any more."""
    left = Employer.stage.not_in(TO_OPEN)
    query = select(Employer.id).join(Task, Task.employer_id == Employer.id)
    return db.session.scalars(query.where(left, Task.kind == kind, Task.state == TaskState.OPEN)).all()


def limits() -> Mapping[str, int]:
    """After how many days each step counts as stuck, by its name."""
    return {step.name: step.limit.value() for step in STEPS}


@dataclass(frozen=True)
class Card:
    """An employer on the board."""

    employer: Employer
    place: Place


@dataclass
class ColumnOfBoard:
    """Who waits for one milestone, the longest first."""

    step: Step
    cards: list[Card] = field(default_factory=list)

    @property
    def stuck(self) -> int:
        return sum(card.place.stuck for card in self.cards)

    @property
    def shown(self) -> Sequence[Card]:
        return self.cards[:SHOWN]


def board(actor: Actor, *, mine: bool = False) -> list[ColumnOfBoard]:
    """Everybody who is being taken on, by the milestone that is waited for."""
    columns = {step.name: ColumnOfBoard(step) for step in STEPS}
    query = _waiting().where(employers_visible_to(actor)).options(name_of(Employer.owner))
    if mine:
        query = query.where(Employer.owner_id == actor.id)
    for card in _cards(db.session.execute(query).all()):
        columns[card.place.step.name].cards.append(card)
    for column in columns.values():
        column.cards.sort(key=lambda card: (-card.place.days, card.employer.id))
    return list(columns.values())


def waiting(actor: Actor | None) -> list[Card]:
    """Everybody who is being taken on, in no order."""
    return _cards(db.session.execute(_waiting().where(employers_visible_to(actor))).all())


def _waiting() -> Select[Employer, date]:
    wanted = load_only(
        Employer.id,
        Employer.name,
        Employer.stage,
        Employer.stage_since,
        Employer.heads,
        Employer.insured_heads,
        Employer.owner_id,
        Employer.branch_id,
        Employer.paid_through,
        *(step.column for step in STEPS),
    )
    other = aliased(Opening)
    latest = select(func.max(other.id)).where(
        other.employer_id == Employer.id, other.state != OpeningState.WITHDRAWN
    )
    last_begun = Opening.id == latest.correlate(Employer).scalar_subquery()
    begun = select(Employer, Opening.begun_on).outerjoin(Opening, last_begun)
    return begun.where(under_way()).options(wanted)


def _cards(rows: Iterable[Row[Employer, date]]) -> list[Card]:
    days = limits()
    placed = ((employer, place_of(employer, begun_on, days)) for employer, begun_on in rows)
    return [Card(employer, place) for employer, place in placed if place is not None]


def latest_opening(employer_id: int) -> Opening | None:
    """The employer's opening that stands, or else the last one."""
    query = select(Opening).where(Opening.employer_id == employer_id).order_by(Opening.id.desc()).limit(1)
    return db.session.scalars(query).one_or_none()


def current_opening(employer: Employer) -> Opening | None:
    """The opening that counts now: one that served an account that was closed since counts no more."""
    opening = latest_opening(employer.id)
    return None if has_served(opening, employer) else opening


def has_served(opening: Opening | None, employer: Employer) -> bool:
    """Whether it was for the account that is closed now."""
    closed = employer.stage is Stage.CLOSED
    return opening is not None and closed and opening.created_at < employer.stage_since


def standing_of(employer_ids: Collection[int]) -> Sequence[Opening]:
    """The openings of these employers that stand."""
    return db.session.scalars(
        select(Opening).where(among(Opening.employer_id, employer_ids), is_standing())
    ).all()


def standing_opening(employer_id: int) -> Opening | None:
    query = select(Opening).where(Opening.employer_id == employer_id, Opening.state.not_in(_FINAL))
    return db.session.scalars(query).one_or_none()


def deferred() -> Sequence[Opening]:
    """The openings that were accepted with papers to follow, with those papers."""
    query = select(Opening).where(Opening.state == OpeningState.DEFERRED).order_by(Opening.id)
    known = (joinedload(Opening.employer), selectinload(Opening.checks))
    return db.session.scalars(query.options(*known)).unique().all()


def awaited_days(opening: Opening) -> dict[date, list[str]]:
    """The days by which papers of an opening are to follow, the first one first, with their codes."""
    found: dict[date, list[str]] = {}
    if opening.state is OpeningState.DEFERRED:
        for check in sorted(opening.checks, key=lambda one: (one.due_on or date.max, one.code)):
            if check.result is not CheckResult.COMPLETE and check.due_on is not None:
                found.setdefault(check.due_on, []).append(check.code)
    return found


def with_papers(opening: Opening) -> Opening:
    """The same with all that its page shows, in one go."""
    query = (
        select(Opening)
        .where(Opening.id == opening.id)
        .options(
            joinedload(Opening.employer)
            .joinedload(Employer.owner)
            .load_only(User.id, User.name, User.mobile),
            joinedload(Opening.begun_by).load_only(User.id, User.name),
            selectinload(Opening.checks),
        )
        .execution_options(populate_existing=True)
    )
    return db.session.scalars(query).unique().one()


def bundle_of(opening_id: int) -> Mapping[str, BundleStep]:
    """What other agencies have done, by code."""
    found = db.session.scalars(select(BundleStep).where(BundleStep.opening_id == opening_id))
    return {step.code: step for step in found}


def checks_of(opening: Opening) -> Mapping[str, DocumentCheck]:
    return {check.code: check for check in opening.checks}


def signing_of(employer_id: int, limit: int = 5) -> Sequence[SigningEvent]:
    """The latest steps on the way to online signing."""
    query = (
        select(SigningEvent).where(SigningEvent.employer_id == employer_id).options(name_of(SigningEvent.by))
    )
    return db.session.scalars(
        query.order_by(SigningEvent.day.desc(), SigningEvent.id.desc()).limit(limit)
    ).all()


def endings(employer_ids: Collection[int]) -> dict[int, Ending]:
    """What became of employers pursued for missing accounts: those that have them, or no account."""
    found = {}
    for employer in db.session.scalars(select(Employer).where(Employer.id.in_(employer_ids))):
        if accounts_missing(employer) is None:
            done = STEPS[1].reached_by(employer)
            found[employer.id] = Ending(Outcome.REGISTERED if done else Outcome.LAPSED)
    return found


def is_standing() -> ColumnElement[bool]:
    """Openings that are neither approved nor withdrawn."""
    return Opening.state.not_in(_FINAL)
