"""When a month's contribution falls due, and how many months an employer is behind.

Article 19 of the Regulation: remit within five days from the day on which wages are paid. A month is overdue
from the day after that. The rules of counting are those of the department's reference (domain rule E1).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from app.core.periods import Period


@dataclass(frozen=True)
class Rule:
    """What the law and the department leave to be set."""

    #: days after pay day within which a month's contribution must be remitted
    grace_days: int = 5
    #: assumed where the employer's pay day is not known
    default_pay_day: int = 15
    #: instalments short or missed that break a plan for making up deferred months (core.rules.deferring)
    plan_breaks: int = 1


USUAL = Rule()


@dataclass(frozen=True)
class Unpaid:
    """What an employer owed by its latest statement: so many months, all of them paid when paid `through`.

    Whoever reckons arrears declares `Feature.unpaid`, which tells it of an employer's id; whoever asks what
    was left unpaid, by `current_features().unpaid`, need not know by which rule, or of deferred months.
    """

    months: int
    through: Period


def due_date(month: Period, pay_day: int | None, rule: Rule = USUAL) -> date:
    """The last day on which this month is paid on time; pay day 31 means the last day of a short month."""
    return month.day(pay_day or rule.default_pay_day) + timedelta(days=rule.grace_days)


@lru_cache(maxsize=1024)
def last_due_month(pay_day: int | None, as_of: date, rule: Rule = USUAL) -> Period:
    """The latest month whose due date lies strictly before `as_of`."""
    month = Period.of(as_of)
    while due_date(month, pay_day, rule) >= as_of:
        month += -1
    return month


def months_in_arrears(
    paid_through: Period | None,
    pay_day: int | None,
    as_of: date,
    first_month: Period | None = None,
    rule: Rule = USUAL,
) -> int:
    """Whole months due and unpaid. An employer that never paid counts from its first contribution month.

    Without either month nothing is known to be due, and the answer is 0.
    """
    if paid_through is None:
        if first_month is None:
            return 0
        paid_through = first_month + -1
    return max(0, last_due_month(pay_day, as_of, rule) - paid_through)
