"""Reading closings: how far one has come, and what stands in the way of the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from app.accounts.models import User
from app.accounts.queries import name_of
from app.core.db import db
from app.core.finding import the_one
from app.core.periods import Period
from app.core.permissions import Actor
from app.core.workflow.engine import WorkflowHistory
from app.employers.models import Employer
from app.lifecycle.closing.models import (
    ENDED,
    OPEN_SEALINGS,
    Closing,
    ClosingPaper,
    ClosingState,
    Placement,
    Sealing,
)
from app.lifecycle.closing.policy import (
    Clock,
    place_clock,
    placement_visible_to,
    register_clock,
)

standing = Closing.state.not_in(ENDED)


@dataclass(frozen=True)
class Account:
    """Whose accounts are still on an employer's account, as far as it is recorded.

    `people`: of the closing, or of the statement; None: nobody knows. `placed`: how many of them were
    transferred, paid out or sealed, the last of them on `last_on`. `sealing`: how many are to be sealed.
    """

    closing: Closing | None
    people: int | None
    placed: int
    last_on: date | None
    sealing: int

    @property
    def left(self) -> int:
        return max(0, (self.people or 0) - self.placed)

    @property
    def waiting(self) -> int:
        """Those left whom nobody has spoken for: who is about to be sealed is spoken for."""
        return max(0, self.left - self.sealing)

    @property
    def placed_on(self) -> date | None:
        """The day on which the last of them had gone; None while any is left."""
        return self.last_on if self.people is not None and not self.left else None

    @property
    def to_register(self) -> Clock:
        one = self.closing
        return register_clock(one.event_on, one.registered_on) if one else Clock(None, None)

    @property
    def to_place(self) -> Clock:
        one = self.closing
        if one is None:
            return Clock(None, None)
        if self.people == 0:
            return place_clock(one.registered_on, one.registered_on)
        return place_clock(one.registered_on, self.placed_on)


def account_of(employer: Employer) -> Account:
    """One statement. Without a closing those placed since the last statement count against its heads."""
    month = employer.statement_period
    counted = [Placement.employer_id == Employer.id, Placement.closing_id.is_not_distinct_from(Closing.id)]
    if month is not None:
        counted.append(or_(Closing.id.is_not(None), Placement.on > month.last_day))
    placed = select(func.coalesce(func.sum(Placement.heads), 0)).where(*counted)
    last = select(func.max(Placement.on)).where(*counted)
    sealing = select(func.coalesce(func.sum(Sealing.heads), 0)).where(
        Sealing.employer_id == Employer.id, Sealing.state.in_(OPEN_SEALINGS)
    )
    query = (
        select(
            Closing,
            *(part.correlate(Employer, Closing).scalar_subquery() for part in (placed, last, sealing)),
        )
        .select_from(Employer)
        .outerjoin(Closing, (Closing.employer_id == Employer.id) & standing)
        .where(Employer.id == employer.id)
        .options(joinedload(Closing.checks))
    )
    row: Any = db.session.execute(query).unique().one()
    closing: Closing | None = row[0]
    people = closing.people if closing else employer.heads
    return Account(closing, people, row[1], row[2], row[3])


def people_in_the_way(employer: Employer, account: Account) -> list[Any]:
    """Why it cannot be said that no employee is left: by what was recorded and what the statement shows."""
    if account.people is None:
        return [_l("Say in the closing file how many employees' accounts there were.")]
    found: list[Any] = []
    if account.left:
        found.append(
            _l(
                "%(left)s of %(people)s employees are neither transferred nor centrally sealed: "
                "record it with its proof.",
                left=account.left,
                people=account.people,
            )
        )
    if account.sealing:
        found.append(_l("The central sealing of %(heads)s employees is under way.", heads=account.sealing))
    if not account.left and employer.heads and _stated_since(employer.statement_period, account.last_on):
        found.append(
            _l(
                "The statement of %(month)s still shows %(heads)s employees: "
                "compare it with what was recorded.",
                month=str(employer.statement_period or "—"),
                heads=employer.heads,
            )
        )
    return found


def _stated_since(month: Period | None, day: date | None) -> bool:
    return day is None or (month is not None and month > Period.of(day))


def latest_of(employer_id: int) -> Closing | None:
    query = select(Closing).where(Closing.employer_id == employer_id).order_by(Closing.id.desc()).limit(1)
    return db.session.scalars(query).one_or_none()


def stage_before(employer_id: int) -> str | None:
    """In which stage the employer was when its last closing began."""
    begun = (
        WorkflowHistory.workflow == "lifecycle",
        WorkflowHistory.record_id == employer_id,
        WorkflowHistory.transition == "begin_closing",
    )
    query = select(WorkflowHistory.source).where(*begun).order_by(WorkflowHistory.id.desc()).limit(1)
    return db.session.scalars(query).first()


def standing_ids(employer_ids: Sequence[int]) -> bool:
    """Whether any two of these employers have a closing under way."""
    query = select(func.count()).where(Closing.employer_id.in_(employer_ids), standing)
    return (db.session.scalar(query) or 0) > 1


def with_papers(closing: Closing) -> Closing:
    """The same with all that its page shows, in one go."""
    query = (
        select(Closing)
        .where(Closing.id == closing.id)
        .options(
            joinedload(Closing.employer).joinedload(Employer.owner).load_only(User.id, User.name),
            joinedload(Closing.begun_by).load_only(User.id, User.name),
            selectinload(Closing.checks),
        )
        .execution_options(populate_existing=True)
    )
    return db.session.scalars(query).unique().one()


def checks_of(closing: Closing) -> Mapping[str, ClosingPaper]:
    return {check.code: check for check in closing.checks}


def placements_of(employer_id: int) -> Sequence[Placement]:
    query = select(Placement).where(Placement.employer_id == employer_id).options(name_of(Placement.by))
    return db.session.scalars(query.order_by(Placement.on.desc(), Placement.id.desc())).all()


def sealings_of(employer_id: int) -> Sequence[Sealing]:
    query = select(Sealing).where(Sealing.employer_id == employer_id).options(name_of(Sealing.proposed_by))
    return db.session.scalars(query.order_by(Sealing.id.desc())).all()


def find_placement(placement_id: int, actor: Actor) -> Placement:
    query = select(Placement).where(Placement.id == placement_id, placement_visible_to(actor))
    return the_one(query, _l("There is no such entry."))


def completed(employer_ids: Sequence[int]) -> Select[Closing]:
    """The last closing of each, where it is completed: what the account's end, now taken back, had ended."""
    last = (
        select(func.max(Closing.id))
        .where(Closing.employer_id.in_(employer_ids))
        .group_by(Closing.employer_id)
    )
    return select(Closing).where(Closing.id.in_(last), Closing.state == ClosingState.COMPLETED)
