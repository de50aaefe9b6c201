"""Arrears reckoned on any day from the facts known by then, in SQL, by the same rule as `core.rules.dues`.

A day's facts are, for each employer, those of the latest statement drawn up by that day (its “as of”), in the
version in force now; an employer that no statement had named by then is shown as the statement of that day's
own month found it.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Subquery,
    case,
    func,
    literal,
    select,
    type_coerce,
)

from app.contributions.models import ContributionFact
from app.contributions.policy import OPEN, rule_on
from app.contributions.standing.policy import Standing
from app.core.clock import today
from app.core.db import db
from app.core.features import current_features
from app.core.periods import Period
from app.core.permissions import Actor
from app.core.rules.deferring import Deferments
from app.core.rules.dues import last_due_month
from app.employers.models import AccountStatus, Employer
from app.employers.policy import visible_to

#: the name under which lists refer to the columns of `reckoned`
NAME = "reckoned"

_BY_STATUS = {
    AccountStatus.DEFERRED: Standing.DEFERRED,
    AccountStatus.SEALED: Standing.SEALED,
    AccountStatus.CLOSED: Standing.CLOSED,
    AccountStatus.OTHER: Standing.OTHER,
}


def usual_day() -> date:
    """The day of the latest statement: what the worklist shows unless asked for another."""
    fact = ContributionFact
    latest = select(func.max(fact.period)).scalar_subquery()
    return db.session.scalar(select(func.max(fact.as_of)).where(fact.period == latest)) or today()


def _known(day: date) -> Subquery:
    """The fact that says how each employer stood, and what was `due` and `paid` by then, as in
    `core.rules.dues`.

    Both are places in the row of all months; `behind` are the months between, 0 where nothing is known.
    """
    fact, rule = ContributionFact, rule_on(day)
    last = {number: _index_of(last_due_month(number, day, rule)) for number in range(1, 32)}
    due = case(last, value=fact.pay_day, else_=_index_of(last_due_month(None, day, rule)))
    paid = func.coalesce(_index(fact.paid_through), _index(fact.first_contribution_month) - 1)
    columns = (
        Employer.id.label("employer_id"), fact.period, fact.as_of, fact.account_status, fact.paid_through,
        fact.heads, fact.monthly_amount, due.label("due"), paid.label("paid"),
        case((due > paid, due - paid), else_=0).label("behind"),
    )  # fmt: skip
    return select(*columns).select_from(Employer).join(fact, fact.id == _known_by(day)).subquery()


def _taken_out(declared: Deferments, day: date) -> Subquery:
    """Of the employers that have terms: how many due months are `excused`, and whether one is `running`,
    `over` or yet to end; as `core.rules.deferring` has it."""
    known, terms, breaks = _known(day).c, declared.terms().subquery(), rule_on(day).plan_breaks
    first, last = _index(terms.c.first), _last_of(terms)
    low = case((first > known.paid, first), else_=known.paid + 1)
    high = case((last < known.due, last), else_=known.due)
    months = case((high >= low, high - low + 1), else_=0)
    plans, marks = declared.plans().subquery(), declared.marks().subquery().c
    missed = select(func.count()).where(
        marks.plan_id == plans.c.plan_id, marks.month <= known.period, _index(marks.through) > known.paid
    )
    missing = missed.correlate(plans, known.due.table).scalar_subquery()
    plan = plans.c
    stands = (plan.agreed_on <= day) & (plan.given_up_on.is_(None) | (plan.given_up_on > day))
    keeping = select(plan.plan_id).where(
        plan.planned == terms.c.planned, stands, (plan.made_up_on <= day) | (missing < breaks)
    )
    kept = keeping.correlate(terms, known.due.table).exists()
    month = _index_of(Period.of(day))
    running = func.max(case(((first <= month) & (last >= month), 1), else_=0))
    all_months, kept_months = func.sum(months), func.sum(case((kept, months), else_=0))
    return (
        select(
            known.employer_id,
            case((running == 1, all_months), else_=kept_months).label("excused"),
            running.label("running"),
            func.max(case((last < month, 1), else_=0)).label("over"),
            func.max(case((last >= month, 1), else_=0)).label("still"),
        )
        .join(terms, terms.c.employer_id == known.employer_id)
        .group_by(known.employer_id)
        .subquery()
    )


def _read(day: date) -> Subquery:
    """`_known`, with `status` and `months` as they count on the day: `contributions.policy.stands` as SQL."""
    known, declared = _known(day), current_features().deferments
    column = known.c
    if declared is None:
        read = select(*column, column.account_status.label("status"), column.behind.label("months"))
        return read.subquery()
    found = _taken_out(declared, day)
    taken, kind = found.c, column.account_status.type
    left = column.behind - func.coalesce(taken.excused, 0)
    opened = (column.account_status == AccountStatus.NORMAL) | (
        (column.account_status == AccountStatus.OPENED) & column.paid_through.is_not(None)
    )
    lapsed = (column.account_status == AccountStatus.DEFERRED) & (taken.over == 1) & (taken.still == 0)
    running = (left <= 0) & (taken.running == 1)
    status = case(
        (lapsed, literal(AccountStatus.NORMAL, kind)),
        (opened & running, literal(AccountStatus.DEFERRED, kind)),
        else_=column.account_status,
    )
    read = select(*column, status.label("status"), case((left > 0, left), else_=0).label("months"))
    return read.outerjoin(found, taken.employer_id == column.employer_id).subquery()


def _last_of(terms: FromClause) -> ColumnElement[int]:
    """The last month of a term, as a place in the row of months: a later term ends the one before."""
    last, following = _index(terms.c.last), _index(terms.c.next_first)
    return case((following <= last, following - 1), else_=last)


def expected_to_pay(day: date) -> ColumnElement[bool]:
    """Whether the employer's account, as it is known now, ought to be paid into on the day."""
    open_account, declared = Employer.account_status.in_(OPEN), current_features().deferments
    if declared is None:
        return open_account
    terms, month = declared.terms().subquery(), _index_of(Period.of(day))
    own, ends = select(terms.c.employer_id).where(terms.c.employer_id == Employer.id), _last_of(terms)
    still = own.where(ends >= month)
    back = (Employer.account_status == AccountStatus.DEFERRED) & own.exists() & ~still.exists()
    return (open_account & ~still.where(_index(terms.c.first) <= month).exists()) | back


def _index_of(month: Period) -> int:
    return month.year * 12 + month.month


def _index(column: Any) -> ColumnElement[int]:
    """A month's place in the row of all months; two of them differ by the months between."""
    stored = type_coerce(column, Integer)
    return stored // 100 * 12 + stored % 100


def reckoned(day: date) -> Subquery:
    """How each employer stands on the day: employer_id, months, standing, and the fact's columns."""
    read = _read(day).c
    paid = read.paid_through.is_not(None)
    due = (read.status == AccountStatus.NORMAL) & (read.months > 0)
    standing = case(
        *((read.status == status, standing.value) for status, standing in _BY_STATUS.items()),
        (paid | due, Standing.COUNTED.value),
        else_=Standing.NEVER_PAID.value,
    )
    return select(
        read.employer_id,
        read.months,
        standing.label("standing"),
        read.period,
        read.as_of,
        read.paid_through,
        read.heads,
        read.monthly_amount,
        (read.months * type_coerce(read.monthly_amount, BigInteger)).label("fen_due"),
    ).subquery(NAME)


def _known_by(day: date) -> ColumnElement[int]:
    """The id of the fact that says how the employer stood on the day."""
    fact = ContributionFact.__table__.alias("known")
    column = fact.c
    facts = select(column.id).where(column.employer_id == Employer.id, column.period <= Period.of(day))
    facts = facts.order_by(column.period.desc(), column.version.desc()).limit(1).correlate(Employer)
    return func.coalesce(facts.where(column.as_of <= day).scalar_subquery(), facts.scalar_subquery())


@dataclass
class Report:
    """Employers and contributing heads by months in arrears, and those listed apart by why."""

    day: date
    employers: Counter[int] = field(default_factory=Counter)
    heads: Counter[int] = field(default_factory=Counter)
    fen_due: Counter[int] = field(default_factory=Counter)
    apart: Counter[Standing] = field(default_factory=Counter)

    @property
    def due_units(self) -> int:
        """应缴单位: the employers that should contribute, denominator of 正常缴存单位比 (rule E2)."""
        return self.employers.total()

    @property
    def behind(self) -> int:
        """欠缴单位: those with a month or more."""
        return self.due_units - self.employers[0]

    @property
    def yuan_due(self) -> Decimal:
        """Months times the present monthly amount, of all that are behind: an estimate (domain rule E1)."""
        return Decimal(self.fen_due.total()) / 100

    def as_json(self) -> dict[str, Any]:
        """The report as `flask arrears report --json` prints it."""
        months = {str(number): self.employers[number] for number in sorted({0, *self.employers})}
        standing = [self.heads[0], self.heads.total()]
        return {**months, "due_units": self.due_units, "good_standing_headcount": standing}


def report(day: date, actor: Actor | None) -> Report:
    """What there is to count on the day in the actor's reach; one statement."""
    stands = reckoned(day)
    column = stands.c
    query = (
        select(column.standing, column.months, func.count(), func.sum(column.heads), func.sum(column.fen_due))
        .select_from(stands.join(Employer, Employer.id == column.employer_id))
        .where(visible_to(actor))
        .group_by(column.standing, column.months)
    )
    found = Report(day)
    for standing, months, number, heads, fen in db.session.execute(query):
        if standing == Standing.COUNTED:
            found.employers[months] += number
            found.heads[months] += int(heads or 0)
            found.fen_due[months] += int(fen or 0)
        else:
            found.apart[Standing(standing)] += number
    return found
