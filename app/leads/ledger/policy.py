"""The order of the ledger, the figures that a department sets for it, and the clocks of the law.

The order is one number for each lead: its keys side by side, the first in the highest digits, and at the end
which order of keys it was made with, so that a number always tells its own reasons.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import permutations
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Date, Dialect
from sqlalchemy.types import TypeDecorator

from app.core.clock import today
from app.core.language.i18n import in_chinese
from app.core.options import Option
from app.core.periods import Period
from app.employers.models import Employer, Stage
from app.lifecycle.policy import ACCOUNT_DAYS

#: stages of firms in the ledger
STAGES = (Stage.PROSPECT, Stage.ENGAGED)
#: codes of table operating_status: revoked, deregistered
GONE = ("04", "05")

NEW, HEADS, DENSITY, ESTABLISHED = "new", "heads", "density", "established"
#: the keys by their usual order, each with how many binary digits it takes
BITS: Mapping[str, int] = {NEW: 1, HEADS: 20, DENSITY: 20, ESTABLISHED: 17}
KEY_LABELS: Mapping[str, Any] = {
    NEW: _l("new firms"),
    HEADS: _l("insured employees"),
    DENSITY: _l("dense areas"),
    ESTABLISHED: _l("lately established"),
}
#: every order of the keys; a department's choice is a number of this list, and the first the usual one
ORDERS: tuple[tuple[str, ...], ...] = tuple(permutations(BITS))
#: the lowest digits of a rank say which of these it was made with
ORDER_BITS = 5


@dataclass(frozen=True)
class _Joined:
    """Keys in their order, in the language of whoever reads."""

    keys: tuple[str, ...]

    def __str__(self) -> str:
        return ("→" if in_chinese() else " → ").join(str(KEY_LABELS[key]) for key in self.keys)


ORDER = Option(
    "leads.order", _l("Order of the lead ledger"), usual=0, low=0, high=len(ORDERS) - 1,
    choices=tuple((number, _Joined(order)) for number, order in enumerate(ORDERS)),
    help=_l("The first key counts before the second, and so on. The ledger is put in order again at once."),
)  # fmt: skip
NEW_MONTHS = Option(
    "leads.new_months", _l("A firm counts as new for"), usual=12, low=1, high=60, unit=_l("months"),
)  # fmt: skip
DENSE_FROM = Option(
    "leads.dense_from", _l("An area counts as dense from"), usual=10, low=2, high=10_000,
    unit=_l("target firms"),
)  # fmt: skip
INSURED_BELOW = Option(
    "leads.insured_below", _l("Small units of the insurance comparison have fewer than"), usual=50, low=2,
    high=100_000, unit=_l("insured employees"),
)  # fmt: skip
REGISTER_DAYS = Option(
    "leads.register_days", _l("Registration after establishment within"), usual=30, low=1, high=365,
    unit=_l("days"), help=_l("As the law has it; its wording is among the legal basis."),
)  # fmt: skip
OPTIONS = (ORDER, NEW_MONTHS, DENSE_FROM, INSURED_BELOW, REGISTER_DAYS, ACCOUNT_DAYS)

#: in the table of the law: register, and set up the accounts, in time
LAW = "register_in_time"


def new_since(day: date | None = None) -> date:
    """Whoever was established on this day or later is a new firm."""
    day = day or today()
    month = Period.of(day) + -NEW_MONTHS.value()
    return month.day(day.day)


@dataclass(frozen=True)
class Rank:
    """What a lead's number says: its keys in the order that counts, each with its value."""

    keys: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, number: int) -> "Rank":
        order = ORDERS[number & ((1 << ORDER_BITS) - 1)]
        rest, found = number >> ORDER_BITS, list[tuple[str, int]]()
        for key in reversed(order):
            found.append((key, rest & ((1 << BITS[key]) - 1)))
            rest >>= BITS[key]
        return cls(tuple(reversed(found)))


class DueDay(TypeDecorator[date]):
    """A day of the past as the day by which something is due, some days later.

    The column stays what it is, so that its index serves questions about the day it is due.
    """

    impl = Date
    cache_ok = True
    option: Option

    def process_bind_param(self, value: date | None, dialect: Dialect) -> date | None:
        return None if value is None else value - self._days

    def process_result_value(self, value: date | None, dialect: Dialect) -> date | None:
        return None if value is None else value + self._days

    @property
    def _days(self) -> timedelta:
        return timedelta(days=self.option.value())


class RegistrationDue(DueDay):
    """By when a firm established on the stored day registers."""

    cache_ok = True
    option = REGISTER_DAYS


class AccountsDue(DueDay):
    """By when an employer registered on the stored day sets up its employees' accounts."""

    cache_ok = True
    option = ACCOUNT_DAYS


def due_after(day: date | None, option: Option) -> date | None:
    """The last day in time, so many calendar days after this one; the day itself does not count."""
    return None if day is None else day + timedelta(days=option.value())


def pursued(employer: Employer) -> int | None:
    """A firm of the ledger is pursued as itself: it may stand there again."""
    return employer.id if employer.stage in STAGES else None
