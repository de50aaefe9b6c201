"""What a contribution may be: the bounds of its rate and of its base, and the amount that follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from flask_babel import lazy_gettext as _l

from app.core.options import Option, history
from app.core.periods import Period, contribution_year

_PERCENT, _YUAN = _l("per cent"), _l("yuan")
CENT = Decimal("0.01")

# of the contribution year, which begins in July; a department sets its own each year from its first day on
LOWEST_RATE = Option("rates.lowest", _l("Lowest contribution rate"), 5, 1, 12, _PERCENT, yearly=True)
HIGHEST_RATE = Option(
    "rates.highest", _l("Highest contribution rate"), 12, 5, 30, _PERCENT, floor=LOWEST_RATE, yearly=True
)
LOWEST_BASE = Option(
    "rates.lowest_base", _l("Lowest monthly base of the year"), 2320, 1, 100_000, _YUAN, yearly=True
)
HIGHEST_BASE = Option(
    "rates.highest_base",
    _l("Highest monthly base of the year"),
    27861,
    1,
    1_000_000,
    _YUAN,
    floor=LOWEST_BASE,
    yearly=True,
)
#: cities differ: most count fen, some whole yuan (domain reference, B2)
ROUNDINGS = (CENT, Decimal("0.1"), Decimal(1))
ROUNDING = Option(
    "rates.rounding", _l("A contribution is rounded half up to"), usual=0, low=0, high=len(ROUNDINGS) - 1,
    choices=((0, _l("the fen")), (1, _l("the jiao")), (2, _l("the yuan"))),
    help=_l("Of each employee, for the employer's share and the employee's alone."),
)  # fmt: skip
OPTIONS = (LOWEST_RATE, HIGHEST_RATE, LOWEST_BASE, HIGHEST_BASE, ROUNDING)


@dataclass(frozen=True)
class Bounds:
    """What held on a day. Rates are fractions, bases yuan a month."""

    lowest_rate: Decimal
    highest_rate: Decimal
    lowest_base: Decimal
    highest_base: Decimal
    #: what each contribution is rounded to, yuan
    unit: Decimal = CENT

    def base(self, wage: Decimal) -> Decimal:
        """The wage within floor and ceiling."""
        return min(max(wage, self.lowest_base), self.highest_base)

    def allows(self, rate: Decimal) -> bool:
        return self.lowest_rate <= rate <= self.highest_rate


def bounds(on: date | None = None) -> Bounds:
    """What holds on the day, or today."""
    lowest, highest = (Decimal(one.value(on)) / 100 for one in (LOWEST_RATE, HIGHEST_RATE))
    floor, ceiling = (Decimal(one.value(on)) for one in (LOWEST_BASE, HIGHEST_BASE))
    return Bounds(lowest, highest, floor, ceiling, ROUNDINGS[ROUNDING.value(on)])


def valid_until(on: date) -> date:
    """The last day on which what is reckoned within the bounds of a day holds, as far as is known.

    That is the end of its contribution year (July to June), or the day before other bounds that were set.
    """
    end = (Period.of(contribution_year(on)) + 11).last_day
    set_later = (since for one in OPTIONS for since, _value in history().get(one.name, ()))
    return min([end, *(day - timedelta(days=1) for day in set_later if day is not None and day > on)])


@dataclass(frozen=True)
class Group:
    """Employees of about the same average wage of last year, yuan a month."""

    heads: int
    wage: Decimal


@dataclass(frozen=True)
class Cost:
    """Yuan a month."""

    heads: int
    employer: Decimal
    employees: Decimal

    @property
    def total(self) -> Decimal:
        return self.employer + self.employees


def monthly_cost(
    groups: Sequence[Group], employer_rate: Decimal, employee_rate: Decimal, within: Bounds
) -> Cost:
    """Each head's base × rate, rounded half up for either side (Art. 16 of the Regulation)."""

    def share(wage: Decimal, rate: Decimal) -> Decimal:
        return (within.base(wage) * rate).quantize(within.unit, ROUND_HALF_UP)

    def side(rate: Decimal) -> Decimal:
        return sum((share(one.wage, rate) * one.heads for one in groups), Decimal(0))

    return Cost(sum(one.heads for one in groups), side(employer_rate), side(employee_rate))
