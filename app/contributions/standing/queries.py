"""Arrears reckoned in SQL, by the same rule as `core.rules.dues`: as statements left them, or on any day.

Unless a day is asked for, each employer stands as the latest statement that names it left it, on that one's
own day: only a statement tells what was paid, so nobody is found later for being missing from one. Employers,
segments, cases and targets have the same months. On a day that is asked for, all are reckoned on that day.

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
    Select,
    Subquery,
    case,
    extract,
    func,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from app.contributions.models import ContributionFact
from app.contributions.policy import OPEN, rule_on
from app.contributions.standing.models import LaterReading
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

_FACTS = ContributionFact.__table__.alias("known")
Columns = ReadOnlyColumnCollection[str, Any]

#: the name under which lists refer to the columns of `reckoned`
NAME = "reckoned"

_BY_STATUS = {
    AccountStatus.DEFERRED: Standing.DEFERRED,
    AccountStatus.SEALED: Standing.SEALED,
    AccountStatus.CLOSED: Standing.CLOSED,
    AccountStatus.OTHER: Standing.OTHER,
}


def newest_day() -> date:
    """The day of the newest statement of all."""
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
        Employer.id.label("employer_id"), Employer.branch_id, fact.period, fact.as_of, fact.account_status,
        fact.paid_through, fact.heads, fact.monthly_amount, due.label("due"), paid.label("paid"),
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
    running, *ended = _phases(terms, literal(_index_of(Period.of(day))))
    all_months, kept_months = func.sum(months), func.sum(case((kept, months), else_=0))
    excused = case((running == 1, all_months), else_=kept_months).label("excused")
    return (
        select(known.employer_id, excused, running, *ended)
        .join(terms, terms.c.employer_id == known.employer_id)
        .group_by(known.employer_id)
        .subquery()
    )


def _phases(terms: FromClause, month: ColumnElement[int]) -> list[ColumnElement[int]]:
    """Of an employer's terms, as 1 or 0: whether one is `running` in the month, `over` or yet to end."""
    first, last = _index(terms.c.first), _last_of(terms)
    found = {"running": (first <= month) & (last >= month), "over": last < month, "still": last >= month}
    return [func.max(case((true, 1), else_=0)).label(name) for name, true in found.items()]


def _read(day: date) -> Subquery:
    """`_known`, with `status` and `months` as they count on the day: `contributions.policy.stands` as SQL."""
    known, declared = _known(day), current_features().deferments
    column = known.c
    if declared is None:
        read = select(*column, column.account_status.label("status"), column.behind.label("months"))
        return read.subquery()
    found = _taken_out(declared, day)
    left = column.behind - func.coalesce(found.c.excused, 0)
    status = _status(column, left, found.c)
    read = select(*column, status.label("status"), case((left > 0, left), else_=0).label("months"))
    return read.outerjoin(found, found.c.employer_id == column.employer_id).subquery()


def _left() -> Subquery:
    """As `_read`, each employer on the day of its latest statement, or on which that one was read again.

    The months are those that are kept with the fact, and with the employer itself.
    """
    fact, again, declared = ContributionFact, LaterReading, current_features().deferments
    columns = (
        Employer.id.label("employer_id"), Employer.branch_id, fact.period, fact.account_status,
        fact.paid_through, fact.heads, fact.monthly_amount,
        func.coalesce(again.day, fact.as_of).label("as_of"),
        func.coalesce(again.months, fact.arrears_months).label("months"),
    )  # fmt: skip
    latest = select(*columns).select_from(Employer).join(fact, fact.id == _latest())
    known = latest.outerjoin(again, again.fact_id == fact.id).subquery()
    column = known.c
    if declared is None:
        return select(*column, column.account_status.label("status")).subquery()
    terms = declared.terms().subquery()
    month = extract("year", column.as_of) * 12 + extract("month", column.as_of)
    phases = select(column.employer_id, *_phases(terms, month)).group_by(column.employer_id)
    found = phases.join(terms, terms.c.employer_id == column.employer_id).subquery()
    read = select(*column, _status(column, column.months, found.c).label("status"))
    return read.outerjoin(found, found.c.employer_id == column.employer_id).subquery()


def _status(column: Columns, left: ColumnElement[int], taken: Columns) -> ColumnElement[Any]:
    """The status that counts, of what the statement said, the months `left` and the phases of terms."""
    kind = column.account_status.type
    opened = (column.account_status == AccountStatus.NORMAL) | (
        (column.account_status == AccountStatus.OPENED) & column.paid_through.is_not(None)
    )
    lapsed = (column.account_status == AccountStatus.DEFERRED) & (taken.over == 1) & (taken.still == 0)
    running = (left <= 0) & (taken.running == 1)
    return case(
        (lapsed, literal(AccountStatus.NORMAL, kind)),
        (opened & running, literal(AccountStatus.DEFERRED, kind)),
        else_=column.account_status,
    )


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


def reckoned(day: date | None = None) -> Subquery:
    """How each employer stands on the day, or as its latest statement left it: employer_id, months, standing,
    whether it is `missing` from its branch's newest statement, and the fact's columns.
    """
    read = (_left() if day is None else _read(day)).c
    paid = read.paid_through.is_not(None)
    due = (read.status == AccountStatus.NORMAL) & (read.months > 0)
    standing = case(
        *((read.status == status, standing.value) for status, standing in _BY_STATUS.items()),
        (paid | due, Standing.COUNTED.value),
        else_=Standing.NEVER_PAID.value,
    )
    # what is sealed or closed need not be in one
    alive = read.status.in_((AccountStatus.NORMAL, AccountStatus.OPENED, AccountStatus.DEFERRED))
    newest = func.max(read.period).over(partition_by=read.branch_id)
    return select(
        read.employer_id,
        read.months,
        standing.label("standing"),
        (alive & (read.period < newest)).label("missing"),
        read.period,
        read.as_of,
        read.paid_through,
        read.heads,
        read.monthly_amount,
        (read.months * type_coerce(read.monthly_amount, BigInteger)).label("fen_due"),
    ).subquery(NAME)


def _known_by(day: date) -> ColumnElement[int]:
    """The id of the fact that says how the employer stood on the day."""
    column = _FACTS.c
    facts = _latest_of(column.period <= Period.of(day))
    return func.coalesce(facts.where(column.as_of <= day).scalar_subquery(), facts.scalar_subquery())


def _latest() -> ColumnElement[int]:
    """The id of the fact of the latest statement that names the employer."""
    return _latest_of().scalar_subquery()


def _latest_of(*among: ColumnElement[bool]) -> Select[tuple[int]]:
    column = _FACTS.c
    facts = select(column.id).where(column.employer_id == Employer.id, *among)
    return facts.order_by(column.period.desc(), column.version.desc()).limit(1).correlate(Employer)


@dataclass
class Report:
    """Employers and contributing heads by months in arrears, and those listed apart by why."""

    #: that was asked for; otherwise None: each employer stands on the day of its latest statement
    day: date | None
    #: of the newest statement, if no day was asked for
    on: date
    employers: Counter[int] = field(default_factory=Counter)
    heads: Counter[int] = field(default_factory=Counter)
    fen_due: Counter[int] = field(default_factory=Counter)
    apart: Counter[Standing] = field(default_factory=Counter)
    #: of all, those that their branch's newest statement does not name
    missing: int = 0

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


def report(day: date | None, actor: Actor | None) -> Report:
    """What there is to count in the actor's reach, on the day or as the latest statements left it."""
    stands = reckoned(day)
    column = stands.c
    missing = func.sum(case((column.missing, 1), else_=0))
    sums = (func.count(), func.sum(column.heads), func.sum(column.fen_due), missing)
    query = (
        select(column.standing, column.months, *sums)
        .select_from(stands.join(Employer, Employer.id == column.employer_id))
        .where(visible_to(actor))
        .group_by(column.standing, column.months)
    )
    found = Report(day, day or newest_day())
    for standing, months, number, heads, fen, absent in db.session.execute(query):
        found.missing += int(absent)
        if standing == Standing.COUNTED:
            found.employers[months] += number
            found.heads[months] += int(heads or 0)
            found.fen_due[months] += int(fen or 0)
        else:
            found.apart[Standing(standing)] += number
    return found
