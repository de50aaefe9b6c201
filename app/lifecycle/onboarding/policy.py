"""Who takes employers on, how long each step may take, and which step an employer stands at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Date, and_, bindparam, case, func, or_, select

from app.core.clock import local, today
from app.core.options import Option
from app.core.periods import Period
from app.core.permissions import Actor, Grantable
from app.employers.models import Employer, Stage
from app.employers.policy import visible_to as employers_visible_to
from app.lifecycle.onboarding.models import Opening, OpeningState
from app.lifecycle.policy import ACCOUNT_DAYS

#: of entries on the timeline
KIND = "onboarding"
#: of tasks that ask after what takes too long
STUCK = "stuck"
#: the code table of what other agencies do in the same go
BUNDLE = "bundle_item"


class Permission(Grantable):
    VIEW = "onboarding:view", _l("See how employers are taken on")
    WORK = "onboarding:work", _l("Check papers, record milestones and online signing")
    APPROVE = "onboarding:approve", _l("Give the final approval of an account opening")


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The openings of employers in the actor's reach."""
    return Opening.employer_id.in_(select(Employer.id).where(employers_visible_to(actor)))


def _days(name: str, label: Any, usual: int) -> Option:
    return Option(f"onboarding.{name}_days", label, usual=usual, low=1, high=365, unit=_l("days"))


@dataclass(frozen=True)
class Step:
    """One of the five milestones: what is waited for, and after how many days it counts as stuck.

    `evidence` is a column of the statement that proves the milestone although nobody wrote down its day.
    """

    name: str
    label: Any
    reached_label: Any
    column: Any
    limit: Option
    evidence: Any = None

    @property
    def open(self) -> ColumnElement[bool]:
        """Said of employers that have not reached it."""
        missing: ColumnElement[bool] = self.column.is_(None)
        return missing if self.evidence is None else missing & (func.coalesce(self.evidence, 0) == 0)

    def reached_by(self, employer: Employer) -> bool:
        known = (self.column, self.evidence) if self.evidence is not None else (self.column,)
        return any(getattr(employer, column.key) for column in known)


ACCOUNTS = Step(
    "accounts",
    _l("Employee accounts to set up"),
    _l("Employee accounts"),
    Employer.employee_accounts_on,
    _days("accounts", _l("Setting up employee accounts is stuck after"), 20),
    Employer.heads,
)

#: In their order (domain reference, row 49). How long the law allows stands in the table of legal bases;
#: these limits are the department's own.
STEPS: tuple[Step, ...] = (
    Step(
        "registration",
        _l("To be registered"),
        _l("Registered"),
        Employer.account_opened_on,
        _days("registration", _l("Registration is stuck after"), 10),
    ),
    ACCOUNTS,
    Step(
        "signing",
        _l("To sign up online"),
        _l("Online signing"),
        Employer.online_signed_on,
        _days("signing", _l("Online signing is stuck after"), 15),
    ),
    Step(
        "contribution",
        _l("First contribution to come"),
        _l("First contribution"),
        Employer.first_contribution_month,
        _days("contribution", _l("The first contribution is stuck after"), 45),
        Employer.paid_through,
    ),
    Step(
        "employee",
        _l("First added employee to come"),
        _l("First added employee"),
        Employer.first_employee_added_on,
        _days("employee", _l("The first added employee is stuck after"), 180),
    ),
)

#: of employers that contribute already, only those that opened their account within so many days are taken on
RECENT = Option(
    "onboarding.recent_days",
    _l("Employers are accompanied after the opening for"),
    usual=365,
    low=30,
    high=1095,
    unit=_l("days"),
)
#: by how many days at most a paper may be handed in later
DEFERRAL = Option(
    "onboarding.deferral_days",
    _l("A paper may be handed in later by"),
    usual=20,
    low=1,
    high=120,
    unit=_l("days"),
)

#: how long before its day the owner is asked to remind the employer of a paper that is to follow
REMIND_BEFORE = Option(
    "onboarding.deferral_remind_days",
    _l("The employer is reminded of a paper to follow before its day by"),
    usual=3,
    low=1,
    high=60,
    unit=_l("days"),
)

PAPERS_DAYS = Option(
    "onboarding.papers_days", _l("The papers of an opening are checked within"), 3, 1, 60, _l("working days")
)
APPROVE_DAYS = Option(
    "onboarding.approve_days", _l("An account opening is approved within"), 3, 1, 60, _l("working days")
)

RECORD_DAYS = Option(
    "onboarding.record_days", _l("An approved opening is registered within"), 2, 1, 60, _l("working days")
)

#: after a refusal the employer's wish is respected for a while (domain reference, row 53)
ASK_AFTER = Option(
    "onboarding.ask_again_days",
    _l("Ask again about online signing after"),
    usual=30,
    low=5,
    high=365,
    unit=_l("days"),
)
#: a task that somebody closed although the employer is still stuck
REPEAT_AFTER = Option(
    "onboarding.repeat_days",
    _l("Ask again after what is still stuck after"),
    usual=30,
    low=1,
    high=365,
    unit=_l("days"),
)

OPTIONS = (
    *(step.limit for step in STEPS),
    RECENT,
    DEFERRAL,
    REMIND_BEFORE,
    PAPERS_DAYS,
    APPROVE_DAYS,
    RECORD_DAYS,
    ASK_AFTER,
    REPEAT_AFTER,
)

#: no account is open yet
BEFORE_ACCOUNT = (Stage.PROSPECT, Stage.ENGAGED)
#: an account may be opened, or opened again
TO_OPEN = (*BEFORE_ACCOUNT, Stage.CLOSED)
_ACCOMPANIED = (Stage.REGISTERED, Stage.ENROLLED, Stage.CONTRIBUTING)


def _recent_since() -> date:
    return today() - timedelta(days=RECENT.value())


def under_way() -> ColumnElement[bool]:
    """Employers that are being taken on: an opening waits for its approval or for the registration, or a
    milestone after a recent one is open."""
    since = bindparam("opened_since", callable_=_recent_since, type_=Employer.account_opened_on.type)
    opened = Employer.stage.in_(_ACCOMPANIED) & (Employer.account_opened_on >= since)
    begun = select(Opening.employer_id).where(Opening.state != OpeningState.WITHDRAWN)
    to_open = Employer.stage.in_(BEFORE_ACCOUNT) & Employer.id.in_(begun)
    again = begun.where(Opening.employer_id == Employer.id, Opening.created_at >= Employer.stage_since)
    to_reopen = (Employer.stage == Stage.CLOSED) & again.correlate(Employer).exists()
    return or_(to_open, to_reopen, opened & or_(*(step.open for step in STEPS)))


def step_name() -> ColumnElement[Any]:
    """The first milestone that is not reached yet; NULL when all are."""
    open_ = ((step.open, step.name) for step in STEPS)
    return case((Employer.stage == Stage.CLOSED, STEPS[0].name), *open_, else_=None)


def _since(step: Step) -> Callable[[], date]:
    """The day before which a step must have begun for being stuck today."""
    return lambda: today() - timedelta(days=step.limit.value())


def _month_since(step: Step) -> Callable[[], Period]:
    return lambda: Period.of(_since(step)())


def _begun_before(step: Step) -> ColumnElement[bool]:
    """Whether everything that came before the step lies so far back; what `place_of` says of one employer."""
    day: Any = bindparam(f"{step.name}_since", callable_=_since(step), type_=Date())
    if step is STEPS[0]:
        lately = select(Opening.id).where(
            Opening.employer_id == Employer.id,
            Opening.state != OpeningState.WITHDRAWN,
            Opening.begun_on >= day,
        )
        return ~lately.correlate(Employer).exists()
    found = [STEPS[0].column < day]
    for before in STEPS[1 : STEPS.index(step)]:
        if before.column is Employer.first_contribution_month:
            day = bindparam(f"{step.name}_month", callable_=_month_since(step), type_=before.column.type)
        found.append(or_(before.column.is_(None), before.column < day))
    return and_(*found)


def is_stuck() -> ColumnElement[bool]:
    """Said of employers that are under way: they wait for their milestone longer than its limit."""
    return or_(*((step_name() == step.name) & _begun_before(step) for step in STEPS))


@dataclass(frozen=True)
class Place:
    """Where an employer stands: the step, since which day, and after how many days it is stuck there."""

    step: Step
    since: date
    limit: int

    @property
    def days(self) -> int:
        return (today() - self.since).days

    @property
    def stuck(self) -> bool:
        return self.days > self.limit


def place_of(employer: Employer, begun_on: date | None, limits: Mapping[str, int]) -> Place | None:
    """The first open milestone, counted from the latest one reached before it; None when all are reached.

    `limits` are days by the name of the step (queries.limits).
    """
    since = begun_on or local(employer.stage_since).date()
    if employer.stage is Stage.CLOSED:
        return Place(STEPS[0], since, limits[STEPS[0].name])
    for step in STEPS:
        if not step.reached_by(employer):
            return Place(step, since, limits[step.name])
        reached = getattr(employer, step.column.key)
        if isinstance(reached, Period):
            reached = min(reached.last_day, today())
        if reached is not None:
            since = reached if step is STEPS[0] else max(since, reached)
    return None


# -- what escalations ask --------------------------------------------------------------------------------


def accounts_missing(employer: Employer) -> int | None:
    """An account without those of the employees, which the law asks for as much as for the registration."""
    opened = employer.stage in (Stage.REGISTERED, Stage.ENROLLED)
    return employer.id if opened and not STEPS[1].reached_by(employer) else None


def objections_to_escalation(employer: Employer) -> list[Any]:
    if employer.account_opened_on is None:
        return [_l("The day on which its account was opened is not known: enter it first.")]
    due_on = employer.account_opened_on + timedelta(days=ACCOUNT_DAYS.value())
    if due_on < today():
        return []
    return [_l("It has time to set up the employee accounts until %(day)s.", day=due_on)]
