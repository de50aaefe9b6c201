"""Openings and papers as rows, and the figures over accounts that were opened.

Each figure carries the criteria of the rows behind it, so that the two cannot differ.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import median
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import contains_eager

from app.accounts.models import Branch, User
from app.core.clock import today
from app.core.db import among, db
from app.core.language import formats
from app.core.periods import Period
from app.core.permissions import Actor
from app.employers.models import Employer
from app.employers.policy import visible_to as employers_visible_to
from app.lifecycle.onboarding.models import DocumentCheck, Opening, OpeningState
from app.lifecycle.onboarding.policy import STEPS, Step, is_stuck, step_name, under_way
from app.lifecycle.papers.models import CheckResult

MONTHS = 12
#: those after the account was opened
AFTER = STEPS[1:]

Arguments = Mapping[str, Any]

#: of what is to follow: the papers that `queries.awaited_days` tells of one opening
_AWAITED = (
    Opening.state == OpeningState.DEFERRED,
    DocumentCheck.result != CheckResult.COMPLETE,
    DocumentCheck.due_on.is_not(None),
)


_open_checks = (DocumentCheck.opening_id == Opening.id, DocumentCheck.result != CheckResult.COMPLETE)
OPEN_PAPERS = select(func.count()).where(*_open_checks).correlate(Opening).scalar_subquery()
NEXT_DUE = select(func.min(DocumentCheck.due_on)).where(*_open_checks).correlate(Opening).scalar_subquery()


def all_openings(actor: Actor | None) -> Select[Any]:
    """Every opening in reach with its employer, how many papers are not in order, and when one is due."""
    query: Select[Any] = select(Opening, OPEN_PAPERS.label("open_papers"), NEXT_DUE.label("next_due"))
    query = query.join(Opening.employer).where(employers_visible_to(actor))
    return query.options(contains_eager(Opening.employer))


def papers_to_follow(actor: Actor | None) -> Select[Any]:
    """The papers that openings in reach were accepted without, each with its opening and employer."""
    query: Any = (
        select(DocumentCheck, Opening)
        .select_from(DocumentCheck)
        .join(Opening, Opening.id == DocumentCheck.opening_id)
        .join(Employer, Employer.id == Opening.employer_id)
        .where(employers_visible_to(actor), *_AWAITED)
    )
    listed: Select[Any] = query.options(contains_eager(Opening.employer))
    return listed


@dataclass(frozen=True)
class Follow:
    """How many papers are to follow, and how many of them are past their day."""

    papers: int
    late: int


def to_follow(actor: Actor) -> Follow:
    late = func.sum(case((DocumentCheck.due_on < today(), 1), else_=0))
    query = papers_to_follow(actor).with_only_columns(func.count(), late, maintain_column_froms=True)
    number, past = db.session.execute(query).one()
    return Follow(number, past or 0)


# -- by milestone: who waits now ---------------------------------------------------------------------------


@dataclass
class Waiting:
    """Who waits for a milestone now, and how many of them for longer than its limit."""

    step: Step
    here: int = 0
    stuck: int = 0


def waiting(actor: Actor) -> list[Waiting]:
    """One for each milestone; one statement."""
    found = {step.name: Waiting(step) for step in STEPS}
    name = step_name().label("step")
    query = select(name, func.count(), func.sum(case((is_stuck(), 1), else_=0)))
    query = query.where(employers_visible_to(actor), under_way()).group_by(name)
    for step, here, stuck in db.session.execute(query):
        found[step].here, found[step].stuck = here, stuck or 0
    return list(found.values())


# -- by month, branch or specialist: accounts opened -------------------------------------------------------


@dataclass
class Line:
    """Accounts opened in a month, by a branch or a specialist: who got how far, and in how many days."""

    label: str
    criteria: Arguments
    opened: int = 0
    reached: dict[str, int] = field(default_factory=lambda: dict.fromkeys((step.name for step in AFTER), 0))
    #: from the begin of the file to the opening, and from there to each milestone
    gaps: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def days(self, name: str) -> float | None:
        """The median, a whole number where it is one; None where nothing tells."""
        if not (numbers := self.gaps.get(name)):
            return None
        middle = median(numbers)
        return int(middle) if middle == int(middle) else middle


@dataclass(frozen=True)
class Dimension:
    """What accounts are counted by: of a row its value, of a value its words and its criteria."""

    name: str
    label: Any
    value: Callable[[Any], Any]
    words: Callable[[Sequence[Any]], Mapping[Any, str]]
    criteria: Callable[[Any], Arguments]


def between(first: Period, last: Period) -> Arguments:
    return {"account_opened_on.between": f"{first.first_day},{last.last_day}"}


def opened(by: Dimension, first: Period, last: Period, actor: Actor) -> tuple[Line, list[Line]]:
    """All accounts opened in these months, and the same broken down; two statements."""
    span = between(first, last)
    whole, lines = Line(str(_("All")), span), dict[Any, Line]()
    for row in db.session.execute(_opened(first, last, actor)):
        value = by.value(row)
        if value not in lines:
            lines[value] = Line("", {**span, **by.criteria(value)})
        for line in (whole, lines[value]):
            _add(line, row)
    for value, words in by.words(list(lines)).items():
        lines[value].label = words
    if by.name == "month":
        return whole, [lines[value] for value in sorted(lines, reverse=True)]
    return whole, sorted(lines.values(), key=lambda line: (-line.opened, line.label))


def _opened(first: Period, last: Period, actor: Actor) -> Select[Any]:
    """A row for each account: when it was opened, its file begun, and each milestone reached."""
    begun = select(func.max(Opening.begun_on)).where(
        Opening.employer_id == Employer.id,
        Opening.state == OpeningState.APPROVED,
        Opening.begun_on <= Employer.account_opened_on,
    )
    columns = [
        *(step.column for step in STEPS),
        *((~step.open).label(f"is_{step.name}") for step in AFTER),
        begun.correlate(Employer).scalar_subquery().label("begun_on"),
        Employer.branch_id,
        Employer.owner_id,
    ]
    within = Employer.account_opened_on.between(first.first_day, last.last_day)
    return select(*columns).where(employers_visible_to(actor), within)


def _add(line: Line, row: Any) -> None:
    line.opened += 1
    if row.begun_on is not None:
        line.gaps[STEPS[0].name].append((row.account_opened_on - row.begun_on).days)
    for step in AFTER:
        line.reached[step.name] += bool(getattr(row, f"is_{step.name}"))
        if (day := _day(getattr(row, step.column.key))) is not None:
            line.gaps[step.name].append(max(0, (day - row.account_opened_on).days))


def _day(reached: date | Period | None) -> date | None:
    """Of a month its last day, or today: as the board counts."""
    return min(reached.last_day, today()) if isinstance(reached, Period) else reached


def _months(values: Sequence[Any]) -> Mapping[Any, str]:
    return {value: formats.period(value) for value in values}


def _branches(values: Sequence[Any]) -> Mapping[Any, str]:
    query = select(Branch.id, Branch.name).where(among(Branch.id, values))
    return {id_: name for id_, name in db.session.execute(query)}


def _people(values: Sequence[Any]) -> Mapping[Any, str]:
    ids = [value for value in values if value is not None]
    query = select(User.id, User.name).where(among(User.id, ids))
    names = {id_: name for id_, name in db.session.execute(query)}
    return {value: names.get(value, str(_("Nobody"))) for value in values}


DIMENSIONS: Mapping[str, Dimension] = {
    one.name: one
    for one in (
        Dimension("month", _l("Month opened"), lambda row: Period.of(row.account_opened_on), _months,
                  lambda value: between(value, value)),
        Dimension("branch", _l("Branch"), lambda row: row.branch_id, _branches,
                  lambda value: {"branch.in": value}),
        Dimension("specialist", _l("Specialist"), lambda row: row.owner_id, _people,
                  lambda value: {"owner.in": value} if value else {"owner.empty": ""}),
    )
}  # fmt: skip
