"""Reading escalations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import median
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, cast, extract, func, select
from sqlalchemy.orm import aliased, joinedload

from app.accounts.models import User
from app.accounts.queries import name_of
from app.core.clock import now, today
from app.core.db import db
from app.core.escalating import REACHED, Origin, Outcome, Step
from app.core.features import current_features
from app.core.permissions import Actor
from app.core.rules.legal import LegalBasis
from app.core.workflow.engine import WorkflowHistory
from app.employers.models import Employer
from app.lifecycle.escalation.models import Escalation, EscalationState, SkipRequest, SkipState
from app.lifecycle.escalation.policy import LAW, objections_to_pursuit, visible_to
from app.lifecycle.escalation.workflow import ESCALATION, OPEN

_earlier = aliased(WorkflowHistory)
#: of a row of the history, when its record had come to the state that it leaves
ENTERED = (
    select(_earlier.at)
    .where(
        _earlier.workflow == WorkflowHistory.workflow,
        _earlier.record_id == WorkflowHistory.record_id,
        _earlier.id < WorkflowHistory.id,
    )
    .order_by(_earlier.id.desc())
    .limit(1)
    .correlate(WorkflowHistory)
    .scalar_subquery()
)
_DAY = 24 * 60 * 60
#: seconds by which business dates are ahead of UTC; they know no summer time
_AHEAD = 8 * 60 * 60


def _day(moment: Any) -> Any:
    """The number of a moment's business date, counted from a day long ago."""
    return (cast(extract("epoch", moment), Integer) + _AHEAD) // _DAY


#: and for how many days it had been there, by their dates
DAYS = _day(WorkflowHistory.at) - _day(ENTERED)


def listed(actor: Actor | None) -> Select[Escalation]:
    """Every escalation in the actor's reach."""
    return select(Escalation).where(visible_to(actor))


def passages(actor: Actor | None) -> Select[Any]:
    """Each time that an escalation in the actor's reach left a state for the next, and after how many days.

    What ended there did not pass it. A state to which a proposal was sent back is passed more than once.
    """
    rows = WorkflowHistory
    return (
        select(rows, Escalation, ENTERED.label("entered"), DAYS.label("days"))
        .join(Escalation, Escalation.id == rows.record_id)
        .where(
            rows.workflow == ESCALATION.name, rows.source.in_(OPEN), rows.target.in_(OPEN), visible_to(actor)
        )
    )


def standing(employer_id: int) -> Escalation | None:
    """The open one of an employer."""
    query = select(Escalation).where(Escalation.employer_id == employer_id, Escalation.ended_on.is_(None))
    return db.session.scalars(query).one_or_none()


#: steps of the escalation were passed over with consent
PASSED_OVER = (
    select(SkipRequest.id)
    .where(SkipRequest.escalation_id == Escalation.id, SkipRequest.state == SkipState.GRANTED)
    .exists()
)


def latest(employer_id: int) -> Escalation | None:
    """The open one, or else the last."""
    query = (
        select(Escalation).where(Escalation.employer_id == employer_id).options(name_of(Escalation.holder))
    )
    return db.session.scalars(query.order_by(Escalation.id.desc()).limit(1)).one_or_none()


class Offer(NamedTuple):
    """A matter of an employer from which an escalation may begin, or what stands in the way."""

    origin: Origin
    matter_id: int
    objections: list[Any]


def offers(employer: Employer) -> list[Offer]:
    """The open matters of an employer, with all that stands in the way of pursuing each."""
    general = objections_to_pursuit(employer)
    found = ((one, one.matter(employer)) for one in current_features().origins.values())
    return [
        Offer(origin, matter, [*general, *origin.objections(employer)])
        for origin, matter in found
        if matter is not None
    ]


def skips_of(escalation_id: int) -> Sequence[SkipRequest]:
    """The requests to pass steps over, the latest first."""
    query = select(SkipRequest).where(SkipRequest.escalation_id == escalation_id)
    query = query.options(name_of(SkipRequest.asked_by), name_of(SkipRequest.decided_by))
    return db.session.scalars(query.order_by(SkipRequest.id.desc())).all()


def open_skip(escalation_id: int) -> SkipRequest | None:
    query = select(SkipRequest).where(
        SkipRequest.escalation_id == escalation_id, SkipRequest.state == SkipState.ASKED
    )
    return db.session.scalars(query).one_or_none()


#: the step that each state waits for
AHEAD: Mapping[str, tuple[Step, ...]] = {
    "to_contact": (Step.CONTACT,),
    "to_visit": (Step.VISIT,),
    "to_urge": (Step.URGE,),
    "urged": (Step.ORDER,),
    "ordered": (Step.PENALTY, Step.COURT),
    "penalty_proposed": (Step.PENALTY,),
    "court_proposed": (Step.COURT,),
}


def law_ahead(one: Escalation) -> Sequence[LegalBasis]:
    """What the next step rests on, as it holds today."""
    codes = {code for step in AHEAD.get(one.state.value, ()) for code in LAW[one.breach].get(step, ())}
    day = today()
    over = LegalBasis.valid_to.is_(None) | (LegalBasis.valid_to > day)
    query = select(LegalBasis).where(LegalBasis.code.in_(codes), LegalBasis.valid_from <= day, over)
    return db.session.scalars(query.order_by(LegalBasis.id)).all() if codes else []


def holders(branch_id: int, roles: Sequence[Any]) -> Sequence[User]:
    """Those of a branch who can carry an escalation."""
    query = select(User).where(User.branch_id == branch_id, User.active).order_by(User.name, User.id)
    return [user for user in db.session.scalars(query).unique() if user.role_set & frozenset(roles)]


# -- figures ---------------------------------------------------------------------------------------------


@dataclass
class StateFigures:
    """What is known of one state: who stands there, how long others did, what came of those that ended."""

    name: str
    here: int = 0
    overdue: int = 0
    days: list[int] = field(default_factory=list)
    reached: int = 0
    other: int = 0

    @property
    def passed(self) -> int:
        return len(self.days)

    @property
    def median_days(self) -> float | None:
        """A whole number where it is one."""
        if not self.days:
            return None
        middle = median(self.days)
        return int(middle) if middle == int(middle) else middle


@dataclass
class Figures:
    states: list[StateFigures]
    outcomes: Mapping[Outcome, int]
    begun: int
    #: those of which steps were passed over, each once
    skipped: int

    @property
    def reached(self) -> int:
        return sum(number for outcome, number in self.outcomes.items() if outcome in REACHED)


def figures(actor: Actor, year: int | None = None) -> Figures:
    """Those begun in the year, or ever: by step, how long each took, and what came of it."""
    conditions = [visible_to(actor)]
    if year is not None:
        conditions.append(Escalation.begun_on.between(date(year, 1, 1), date(year, 12, 31)))
    states = {name: StateFigures(name) for name in OPEN}
    outcomes: dict[Outcome, int] = {}
    query = select(Escalation.state, Escalation.due_on, Escalation.outcome, Escalation.ended_in)
    begun = 0
    for state, due_on, outcome, ended_in in db.session.execute(query.where(*conditions)):
        begun += 1
        if outcome is None:
            states[state].here += 1
            states[state].overdue += due_on is not None and due_on < today()
            continue
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        if ended_in in states:
            place = states[ended_in]
            place.reached += outcome in REACHED
            place.other += outcome not in REACHED
    passed = passages(actor).with_only_columns(WorkflowHistory.source, DAYS, maintain_column_froms=True)
    for name, days in db.session.execute(passed.where(*conditions)):
        states[name].days.append(days)
    skipped = db.session.scalar(select(func.count()).select_from(Escalation).where(PASSED_OVER, *conditions))
    return Figures(list(states.values()), outcomes, begun, skipped or 0)


def years(actor: Actor) -> list[int]:
    """From the first that was begun to this one."""
    first = db.session.scalar(select(func.min(Escalation.begun_on)).where(visible_to(actor)))
    return list(range(now().year, (first.year if first else now().year) - 1, -1))


def with_all(one: Escalation) -> Escalation:
    """The same with all that its page shows, in one go."""
    query = (
        select(Escalation)
        .where(Escalation.id == one.id)
        .options(
            joinedload(Escalation.employer).joinedload(Employer.owner).load_only(User.id, User.name),
            name_of(Escalation.holder),
            name_of(Escalation.begun_by),
        )
        .execution_options(populate_existing=True)
    )
    return db.session.scalars(query).unique().one()


__all__ = ["AHEAD", "EscalationState", "Figures", "Offer", "figures", "listed", "offers", "standing"]
