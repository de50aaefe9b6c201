"""Who sees, applies for and decides on relief; its limits; and the rules of months, rates and instalments.

The rules are plain functions of values, so that they can be tested by the thousand. They give reasons, all at
once, as msgids with their parameters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from app.core.language import formats
from app.core.options import Option
from app.core.periods import Period
from app.core.permissions import Actor, Grantable
from app.employers.models import Employer
from app.employers.policy import visible_to as employer_visible_to
from app.relief.models import InstalmentState, ReliefDecision, ReliefKind


class Permission(Grantable):
    VIEW = "relief:view", _l("See decisions on deferment and rate reduction")
    IMPORT = "relief:import", _l("Import decisions on deferment and rate reduction")
    APPLY = "relief:apply", _l("Enter applications for relief, make-up plans and surveys of key employers")
    REVIEW = "relief:review", _l("Review applications for relief, and end relief before its time")
    APPROVE = "relief:approve", _l("Record the decision of the committee or of whoever it authorised")


_DAYS, _MONTHS, _PERCENT = _l("days"), _l("months"), _l("per cent")
_WORKING_DAYS = _l("working days")

LONGEST = Option("relief.longest", _l("Longest term of relief"), 12, 1, 36, _MONTHS)
QUORUM = Option(
    "relief.quorum",
    _l("Attendance that a vote on relief takes"),
    6667,
    1,
    10_000,
    _l("of 10,000"),
    _l("Of all delegates, members or employees; two thirds are 6667."),
)
MAJORITY = Option(
    "relief.majority",
    _l("Votes for relief that must be exceeded"),
    5000,
    1,
    9_999,
    _l("of 10,000"),
    _l("Of all delegates, members or employees; half are 5000."),
)
ANNOUNCED = Option("relief.announced", _l("Days for which the vote is announced at least"), 1, 1, 30, _DAYS)
_LAST = Option("relief.last_reminder", _l("Last reminder before relief ends"), 7, 1, 60, _DAYS)
_SECOND = Option(
    "relief.second_reminder", _l("Second reminder before relief ends"), 30, 1, 120, _DAYS, floor=_LAST
)
_FIRST = Option(
    "relief.first_reminder", _l("First reminder before relief ends"), 60, 1, 180, _DAYS, floor=_SECOND
)
REMINDERS = (_FIRST, _SECOND, _LAST)
ANSWER_DAYS = Option(
    "relief.answer_days", _l("Answer a reminder about relief within"), 3, 1, 30, _WORKING_DAYS
)
REVIEW_DAYS = Option(
    "relief.review_days", _l("Review an application for relief within"), 5, 1, 30, _WORKING_DAYS
)
DECIDE_DAYS = Option(
    "relief.decide_days", _l("Decide on a reviewed application within"), 10, 1, 60, _WORKING_DAYS
)
RETURN_DAYS = Option(
    "relief.return_days", _l("Correct a returned application within"), 5, 1, 30, _WORKING_DAYS
)
SETTLE_DAYS = Option(
    "relief.settle_days", _l("Agree on what follows when relief has ended within"), 20, 1, 90, _WORKING_DAYS
)
INSTALMENTS = Option("relief.instalments", _l("Most instalments of a make-up plan"), 12, 1, 36)
PLAN_BREAKS = Option(
    "relief.plan_breaks",
    _l("A make-up plan is broken by"),
    1,
    1,
    12,
    _l("instalments short or missed"),
    _l("From then on the deferred months that are still unpaid count as arrears."),
)
SURVEY_DAYS = Option("relief.survey_days", _l("Survey a key employer within"), 10, 1, 60, _WORKING_DAYS)

OPTIONS = (
    LONGEST, QUORUM, MAJORITY, ANNOUNCED, *REMINDERS, ANSWER_DAYS, REVIEW_DAYS, DECIDE_DAYS,
    RETURN_DAYS, SETTLE_DAYS, INSTALMENTS, PLAN_BREAKS, SURVEY_DAYS,
)  # fmt: skip

#: as answers: a lazy text
Reason = Any
FEN = Decimal("0.01")


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The decisions on employers in the actor's reach."""
    return ReliefDecision.employer_id.in_(select(Employer.id).where(employer_visible_to(actor)))


class Granted(NamedTuple):
    """A term that was granted already; both months belong to it."""

    kind: ReliefKind
    from_month: Period
    last_month: Period


@dataclass(frozen=True)
class Asked:
    """What an application asks for, as far as the rules of months go."""

    kinds: Sequence[ReliefKind]
    from_month: Period
    to_month: Period
    paid_through: Period | None


def objections_to_term(asked: Asked, granted: Iterable[Granted], longest: int) -> list[Reason]:
    """Every reason why relief cannot be granted for these months.

    It begins with the month after the last paid one, or follows without a gap on relief of the same kind; no
    month is granted twice, and a term has at most `longest` months.
    """
    same = [one for one in granted if one.kind in asked.kinds]
    months = asked.to_month - asked.from_month + 1
    found: list[Reason] = []
    if asked.paid_through is None:
        found.append(_l("The employer has never paid: relief is for those who contribute."))
    if months < 1:
        found.append(_l("The last month lies before the first."))
    elif months > longest:
        found.append(
            _l(
                "%(months)s months are asked for; a term has at most %(longest)s.",
                months=months,
                longest=longest,
            )
        )
    if asked.paid_through is not None and asked.from_month not in _beginnings(asked.paid_through, same):
        after = " / ".join(formats.period(month) for month in sorted(_beginnings(asked.paid_through, same)))
        found.append(_l("Relief begins with %(month)s: neither earlier nor after a gap.", month=after))
    found += [
        _l(
            "%(first)s to %(last)s is granted already.",
            first=formats.period(one.from_month),
            last=formats.period(one.last_month),
        )
        for one in same
        if one.from_month <= asked.to_month and asked.from_month <= one.last_month
    ]
    return found


def _beginnings(paid_through: Period, same: Sequence[Granted]) -> set[Period]:
    """The months with which relief may begin: the next due one, and the one after relief of the kind.

    What is paid is not relieved any more: relief that lies before the paid months is not followed on.
    """
    latest = max((paid_through, *(one.last_month for one in same)))
    return {month + 1 for month in (paid_through, latest)}


def objections_to_rates(rates: Iterable[Decimal | None], floor: int, ceiling: int) -> list[Reason]:
    """Reasons why rates cannot be approved; `floor` and `ceiling` in per cent, both of them allowed."""
    given = list(rates)
    if None in given:
        return [_l("Give the reduced rates of employer and employees.")]
    outside = any(not floor <= rate * 100 <= ceiling for rate in given if rate is not None)
    reason = _l("A rate lies between %(floor)s %% and %(ceiling)s %%.", floor=floor, ceiling=ceiling)
    return [reason] if outside else []


class Rates(NamedTuple):
    """Fractions of employer and employees; None where one is not known."""

    employer: Decimal | None
    employees: Decimal | None


@dataclass(frozen=True)
class Effect:
    """What relief comes to over its whole term, in yuan."""

    deferred: Decimal
    employer_saves: Decimal
    employees_save: Decimal

    @property
    def saved(self) -> Decimal:
        return self.employer_saves + self.employees_save


def effect_of(
    kinds: Sequence[ReliefKind], months: int, heads: int, base: Decimal, present: Rates, reduced: Rates
) -> Effect:
    """Months times heads times base times rate, each month to the fen: deferred, or saved as rates fall.

    Where both are asked for, what is deferred is the contribution at the reduced rates. A rate that is not
    known counts as nothing.
    """
    wages, months = base * heads, max(0, months)
    cut, deferred = ReliefKind.RATE_CUT in kinds, ReliefKind.DEFERMENT in kinds
    paying = reduced if cut else present
    return Effect(
        months * _fen(wages * (_known(paying.employer) + _known(paying.employees)))
        if deferred
        else Decimal(0),
        months * _fen(wages * _fall(present.employer, reduced.employer)) if cut else Decimal(0),
        months * _fen(wages * _fall(present.employees, reduced.employees)) if cut else Decimal(0),
    )


def _known(rate: Decimal | None) -> Decimal:
    return rate or Decimal(0)


def _fall(present: Decimal | None, reduced: Decimal | None) -> Decimal:
    if present is None or reduced is None:
        return Decimal(0)
    return max(Decimal(0), present - reduced)


def _fen(amount: Decimal) -> Decimal:
    return amount.quantize(FEN, ROUND_HALF_UP)


def present_base(employer: Employer) -> Decimal | None:
    """The average monthly base behind the employer's latest monthly amount; None where facts are missing."""
    rates = _known(employer.employer_rate) + _known(employer.employee_rate)
    if not employer.heads or not rates or employer.monthly_amount is None:
        return None
    return (employer.monthly_amount / employer.heads / rates).quantize(FEN, ROUND_HALF_UP)


class Paid(NamedTuple):
    """What statements show of one instalment."""

    amount: Decimal
    state: InstalmentState


def made_up(decision: ReliefDecision, paid_through: Period | None) -> Decimal:
    """How much of what was deferred, extended terms with it, a paid-through month shows as made up."""
    if paid_through is None:
        return Decimal(0)
    return sum((_made_up_of(one, paid_through) for one in decision.chain), Decimal(0))


def _made_up_of(term: ReliefDecision, paid_through: Period) -> Decimal:
    months = min(term.months, max(0, paid_through - term.from_month + 1))
    return (term.monthly_amount or Decimal(0)) * months


def marks_of(decision: ReliefDecision, amounts: Sequence[Decimal]) -> list[Period]:
    """For each instalment, in order, the month through which payment shows it made up with those before.

    The months of the term, and of the terms that it extends, are made up from the first on. What no month
    shows (amounts that nobody knows) is made up when all months are paid.
    """
    months = [(one, one.from_month + place) for one in decision.chain for place in range(one.months)]
    found, total, shown, place = [], Decimal(0), Decimal(0), 0
    for amount in amounts:
        total += amount
        while place < len(months) and shown < total:
            shown += months[place][0].monthly_amount or Decimal(0)
            place += 1
        found.append(months[place - 1][1] if place else decision.last_month)
    return found


def shared_out(amounts: Sequence[tuple[Period, Decimal]], paid: Decimal, statement: Period) -> list[Paid]:
    """Gives what was paid to the instalments in their order, and says what each is as of the statement."""
    found = []
    for month, amount in amounts:
        part = min(amount, paid)
        paid -= part
        due = month <= statement
        if part == amount:
            state = InstalmentState.PAID
        elif not due:
            state = InstalmentState.PLANNED
        else:
            state = InstalmentState.SHORT if part else InstalmentState.MISSED
        found.append(Paid(part, state))
    return found


def equal_parts(amount: Decimal, number: int) -> list[Decimal]:
    """An amount in equal parts of whole fen; what is over goes to the last."""
    part = (amount / number).quantize(FEN, ROUND_HALF_UP)
    return [*[part] * (number - 1), amount - part * (number - 1)]
