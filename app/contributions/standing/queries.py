"""Arrears reckoned on any day from the facts known by then, in SQL, by the same rule as `core.dues`.

A day's facts are, for each employer, those of the latest statement drawn up by that day (its “as of”), in the
version in force now; an employer that no statement had named by then is shown as the statement of that day's
own month found it.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Subquery, case, func, select, type_coerce

from app.contributions.models import ContributionFact
from app.contributions.policy import rule_on
from app.contributions.standing.policy import Standing
from app.core.clock import today
from app.core.db import db
from app.core.dues import last_due_month
from app.core.periods import Period
from app.core.permissions import Actor
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


def months_behind(fact: Any, day: date) -> ColumnElement[int]:
    """`dues.months_in_arrears` of a fact's columns as SQL; 0 where nothing is known to be due."""
    rule = rule_on(day)
    due = {number: _index_of(last_due_month(number, day, rule)) for number in range(1, 32)}
    last_due = case(due, value=fact.pay_day, else_=_index_of(last_due_month(None, day, rule)))
    paid = func.coalesce(_index(fact.paid_through), _index(fact.first_contribution_month) - 1)
    behind = last_due - paid
    return case((behind > 0, behind), else_=0)


def _index_of(month: Period) -> int:
    return month.year * 12 + month.month


def _index(column: Any) -> ColumnElement[int]:
    """A month's place in the row of all months; two of them differ by the months between."""
    stored = type_coerce(column, Integer)
    return stored // 100 * 12 + stored % 100


def reckoned(day: date) -> Subquery:
    """How each employer stands on the day: employer_id, months, standing, and the fact's columns."""
    fact = ContributionFact
    months = months_behind(fact, day)
    paid = fact.paid_through.is_not(None)
    due = (fact.account_status == AccountStatus.NORMAL) & (months > 0)
    standing = case(
        *((fact.account_status == status, standing.value) for status, standing in _BY_STATUS.items()),
        (paid | due, Standing.COUNTED.value),
        else_=Standing.NEVER_PAID.value,
    )
    return (
        select(
            Employer.id.label("employer_id"),
            months.label("months"),
            standing.label("standing"),
            fact.period,
            fact.as_of,
            fact.paid_through,
            fact.heads,
            fact.monthly_amount,
            (months * type_coerce(fact.monthly_amount, BigInteger)).label("fen_due"),
        )
        .select_from(Employer)
        .join(fact, fact.id == _known_by(day))
        .subquery(NAME)
    )


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
