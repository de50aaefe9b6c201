"""What the statements say of arrears, as spells; and the cases that stand for them."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Select, Subquery, func, or_, select

from app.attachments.models import Attachment
from app.contributions.arrears.models import ArrearsCase, ArrearsPromise, CaseState, Outcome
from app.contributions.arrears.policy import RECORD
from app.contributions.arrears.workflow import ARREARS
from app.contributions.models import ContributionFact
from app.contributions.policy import OPEN, rule_on
from app.contributions.standing.models import LaterReading
from app.core.bulk import read_tuples
from app.core.db import db
from app.core.merging.moving import Change
from app.core.periods import Period
from app.core.rules.dues import months_in_arrears
from app.core.workflow.engine import WorkflowHistory
from app.employers.models import AccountStatus


class Step(NamedTuple):
    """The fact in force of one month, and what the month before it had said."""

    employer_id: int
    period: Period
    as_of: date
    status: AccountStatus
    months: int
    paid_through: Period | None
    heads: int
    monthly_amount: Any
    pay_day: int | None
    first_month: Period | None
    earlier_status: AccountStatus | None
    earlier_months: int | None
    earlier_paid: Period | None

    @property
    def unpaid(self) -> int:
        """Months due and unpaid, those too that deferment or a plan takes out of arrears."""
        return months_in_arrears(
            self.paid_through, self.pay_day, self.as_of, self.first_month, rule_on(self.as_of)
        )

    @property
    def said(self) -> dict[str, Any]:
        return _said(self.status, self.months, self.paid_through)

    @property
    def said_earlier(self) -> dict[str, Any] | None:
        if self.earlier_status is None:
            return None
        return _said(self.earlier_status, self.earlier_months, self.earlier_paid)


def _said(status: AccountStatus, months: int | None, paid: Period | None) -> dict[str, Any]:
    return {
        "account_status": status.value,
        "months": months,
        "paid_through": str(paid) if paid else None,
    }


@dataclass(slots=True)
class Spell:
    """Statements one after the other that found months unpaid, and the one that did not any more."""

    due: list[Step]
    end: Step | None = None

    @property
    def first(self) -> Step:
        return self.due[0]

    @property
    def last(self) -> Step:
        return self.due[-1]

    @property
    def ending(self) -> CaseState:
        """What the statement that ended it proves: the open account has paid, or need not pay yet."""
        if self.end is None:
            return CaseState.OPENED
        if self.end.status not in (*OPEN, AccountStatus.DEFERRED):
            return CaseState.CLOSED
        return CaseState.RELIEVED if self.end.unpaid else CaseState.SETTLED


def facts_in_force(employers: Select[int]) -> Subquery:
    """The latest version of each month of these employers. A status of 99 says nothing and is left out."""
    fact = ContributionFact
    ranked = (
        select(
            fact.employer_id, fact.period, fact.as_of, fact.account_status, fact.arrears_months,
            fact.paid_through, fact.heads, fact.monthly_amount, fact.pay_day, fact.first_contribution_month,
            func.row_number()
            .over(partition_by=(fact.employer_id, fact.period), order_by=fact.version.desc())
            .label("place"),
        )
        .where(fact.employer_id.in_(employers))
        .subquery()
    )  # fmt: skip
    column = ranked.c
    return select(ranked).where(column.place == 1, column.account_status != AccountStatus.OTHER).subquery()


def _read(employers: Select[int]) -> Subquery:
    """The facts in force, and those again that were read on a later day than their statement's."""
    fact, again, names = ContributionFact, LaterReading, facts_in_force(employers).c
    later = {"as_of": again.day, "arrears_months": again.months}
    columns = [later.get(one.name, getattr(fact, one.name)) for one in names if one.name != "place"]
    read = select(*columns).join(again, again.fact_id == fact.id).where(fact.employer_id.in_(employers))
    return select(*(one for one in names if one.name != "place")).union_all(read).subquery()


def spells(employers: Select[int]) -> dict[int, list[Spell]]:
    """The spells of arrears of these employers, the oldest first; one statement whatever their number."""
    fact = _read(employers).c
    stated = (fact.account_status, fact.arrears_months, fact.paid_through)
    earlier = [
        func.lag(column, type_=column.type)
        .over(partition_by=fact.employer_id, order_by=(fact.period, fact.as_of))
        .label(f"earlier_{column.name}")
        for column in stated
    ]
    told = select(
        fact.employer_id, fact.period, fact.as_of, *stated, fact.heads, fact.monthly_amount, fact.pay_day,
        fact.first_contribution_month, *earlier,
    ).subquery()  # fmt: skip
    speaking = or_(told.c.arrears_months > 0, told.c.earlier_arrears_months > 0)
    query = select(*told.c).where(speaking).order_by(told.c.employer_id, told.c.period, told.c.as_of)
    rows = (Step(*row) for row in read_tuples(query))
    return {employer: list(_spells(steps)) for employer, steps in groupby(rows, lambda one: one.employer_id)}


def _spells(steps: Iterator[Step]) -> Iterator[Spell]:
    spell: Spell | None = None
    for step in steps:
        if not step.months:
            if spell:
                spell.end = step
                yield spell
            spell = None
        elif spell and step.earlier_months:
            spell.due.append(step)
        else:
            spell = Spell([step])
    if spell:
        yield spell


#: what statements say of a case
RECKONED = (
    "first_period", "opened_on", "last_period", "reckoned_on", "months", "paid_through", "heads",
    "monthly_amount", "most_months", "closed_period", "closed_on",
)  # fmt: skip


@dataclass(slots=True)
class Known:
    """A case as it is stored."""

    id: int
    employer_id: int
    state: CaseState
    values: dict[str, Any]
    spell: Spell | None = field(default=None)

    def covers(self, spell: Spell) -> bool:
        first, last = self.values["first_period"], self.values["last_period"]
        return bool(first <= spell.last.period and spell.first.period <= last)


def cases_of(employers: Select[int]) -> dict[int, list[Known]]:
    """The cases of these employers, the oldest first."""
    columns = [getattr(ArrearsCase, name) for name in RECKONED]
    query = select(ArrearsCase.id, ArrearsCase.employer_id, ArrearsCase.state, *columns)
    query = query.where(ArrearsCase.employer_id.in_(employers))
    found: dict[int, list[Known]] = defaultdict(list)
    for case_id, employer_id, state, *values in read_tuples(query.order_by(ArrearsCase.first_period)):
        found[employer_id].append(
            Known(case_id, employer_id, state, dict(zip(RECKONED, values, strict=True)))
        )
    return found


class Promise(NamedTuple):
    id: int
    case_id: int
    made_on: date
    pay_by: date
    through: Period
    outcome: Outcome


class Said(NamedTuple):
    """What a statement said since a promise: its day, paid through when, its month, and months in arrears."""

    day: date
    paid_through: Period | None
    month: Period
    months: int = 1


Promised = list[tuple[Promise, list[Said]]]


def promises_of(employers: Select[int]) -> dict[int, Promised]:
    """The promises of these employers by case, oldest first, with what statements said since."""
    made, case = ArrearsPromise, ArrearsCase
    columns = (made.id, made.case_id, made.made_on, made.pay_by, made.through, made.outcome)
    here = case.employer_id.in_(employers)
    promises = read_tuples(select(case.employer_id, *columns).join(case).where(here).order_by(made.id))
    if not promises:
        return {}
    said: dict[int, list[Said]] = defaultdict(list)
    fact = facts_in_force(select(case.employer_id).join(made).where(here)).c
    told = (fact.as_of, fact.paid_through, fact.period, fact.arrears_months)
    heard = select(fact.employer_id, *told).order_by(fact.period)
    for employer_id, *values in read_tuples(heard):
        said[employer_id].append(Said(*values))
    found: dict[int, Promised] = defaultdict(list)
    for employer_id, *values in promises:
        one = Promise(*values)
        found[one.case_id].append((one, [fact for fact in said[employer_id] if _speaks_of(fact, one)]))
    return found


def _speaks_of(fact: Said, promise: Promise) -> bool:
    """A statement of the very day on which it was promised may show it kept; it knows nothing of a breach."""
    paid = fact.paid_through is not None and fact.paid_through >= promise.through
    return fact.day > promise.made_on or (fact.day == promise.made_on and paid)


def last_open_states(case_ids: Collection[int]) -> Mapping[int, CaseState]:
    """In what state cases were when a statement last moved them: where they go when it no longer counts."""
    rows = WorkflowHistory
    query = (
        select(rows.record_id, rows.source)
        .where(
            rows.workflow == ARREARS.name,
            rows.record_id.in_(case_ids),
            rows.transition.like("statement\\_%", escape="\\"),
            rows.transition != "statement_opened",
        )
        .order_by(rows.id)
    )
    open_ones = {state.name for state in ARREARS.states if not state.final}
    return {
        case_id: CaseState(source) for case_id, source in db.session.execute(query) if source in open_ones
    }


def worked_on(case_ids: Collection[int]) -> set[int]:
    """The cases that a person has had a hand in, or hung a file on: these are never deleted."""
    rows = WorkflowHistory
    moved = select(rows.record_id).where(
        rows.workflow == ARREARS.name, rows.record_id.in_(case_ids), rows.actor_id.is_not(None)
    )
    filed = select(Attachment.record_id).where(Attachment.kind == RECORD, Attachment.record_id.in_(case_ids))
    return set(db.session.scalars(moved.union(filed)))


def cases_on(employer_id: int) -> Sequence[ArrearsCase]:
    """An employer's cases, the latest first."""
    query = select(ArrearsCase).where(ArrearsCase.employer_id == employer_id)
    return db.session.scalars(query.order_by(ArrearsCase.first_period.desc(), ArrearsCase.id.desc())).all()


def history_of(case: ArrearsCase) -> Sequence[ContributionFact]:
    """The statements of a case, newest first: from the month before it to the one that ended it."""
    fact = ContributionFact
    until = case.closed_period or case.last_period
    query = (
        select(fact)
        .where(
            fact.employer_id == case.employer_id,
            fact.period >= case.first_period + -1,
            fact.period <= until,
        )
        .order_by(fact.period.desc(), fact.version.desc())
    )
    return db.session.scalars(query).all()


def left_with(_kept_id: int, merged_id: int) -> Iterator[Change]:
    """When an employer is merged into another that is behind as well, one case goes on: the kept one's."""
    query = select(ArrearsCase.id, ArrearsCase.reckoned_on)
    query = query.where(ArrearsCase.employer_id == merged_id, ArrearsCase.closed_on.is_(None))
    for case_id, day in db.session.execute(query):
        yield Change("arrears_cases", case_id, {"state": CaseState.WITHDRAWN, "closed_on": day})
