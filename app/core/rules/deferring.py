"""What approved deferment takes out of arrears: the rule, and the seam by which its owner tells the terms.

Whoever approves deferment declares `Deferments` in its manifest; whoever reckons arrears asks
`current_features().deferments`, in SQL or for a set of employers at once, and neither knows of the other.

The rule (Article 20 of the Regulation, domain rule E1). A term is approved for whole months, both ends
included. While one is in force, no month of the employer's terms is due. From the first day after its last
month the account is an ordinary one again, whatever status the bank still shows: what was deferred has to be
made up, so its months are due and unpaid like all others. They are not while a plan agreed on for making them
up is kept: that is, while statements show each instalment made up by the month it was promised for. Where too
many are not (`breaks`, as the department has set it), all months of the term that are still unpaid are due;
they are, too, from the day on which the plan is given up. What people record as made up, which no statement
shows, holds from the day that they name. Nothing of this changes how an employer stood on an earlier day.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from app.core.periods import Period

if TYPE_CHECKING:
    from sqlalchemy import Select


@dataclass(frozen=True)
class Deferments:
    """What the owner of approvals tells.

    `terms()` selects employer_id, first, last, next_first (the beginning of the employer's next term, or
    None: a later approval ends the one before) and planned: the id under which its plans stand.
    `plans()` selects plan_id, planned, agreed_on, given_up_on and made_up_on (None: not so far). One after
    the other, there may be several.
    `marks()` selects plan_id, month and through: the instalment of the month is made up when months up to
    `through` are paid.
    `breaks(day)`: how many instalments short or missed break a plan.
    """

    terms: Callable[[], "Select[*tuple[Any, ...]]"]
    plans: Callable[[], "Select[*tuple[Any, ...]]"]
    marks: Callable[[], "Select[*tuple[Any, ...]]"]
    breaks: Callable[[date], int]


@dataclass(frozen=True)
class Plan:
    """How deferred months are made up: agreed on, for good or until it is given up; `marks`: `Deferments`."""

    agreed_on: date
    marks: tuple[tuple[Period, Period], ...] = ()
    given_up_on: date | None = None
    made_up_on: date | None = None

    def kept(self, reading: "Reading", breaks: int) -> bool:
        """Whether it stands on the day, and all is made up or the statement shows it to be kept."""
        if self.agreed_on > reading.day or (self.given_up_on and self.given_up_on <= reading.day):
            return False
        if self.made_up_on and self.made_up_on <= reading.day:
            return True
        missed = [1 for month, through in self.marks if month <= reading.statement and through > reading.paid]
        return len(missed) < breaks


@dataclass(frozen=True)
class Term:
    """Months of approved deferment, and the plans that were agreed on for making them up."""

    first: Period
    last: Period
    plans: tuple[Plan, ...] = ()

    def kept(self, reading: "Reading", breaks: int) -> bool:
        """Whether it is made up on the day, or about to be by a plan that is kept."""
        return any(plan.kept(reading, breaks) for plan in self.plans)

    def unpaid(self, reading: "Reading") -> int:
        """How many of its months are due and unpaid."""
        first, last = max(self.first, reading.paid + 1), min(self.last, reading.due)
        return max(0, last - first + 1)


@dataclass(frozen=True)
class Reading:
    """What a statement of a month shows, read on a day: months are paid through `paid`, due through `due`."""

    day: date
    statement: Period
    paid: Period
    due: Period


Terms = Sequence[Term]


def in_force(terms: Iterable[Term], day: date) -> bool:
    """Whether the day lies in a month of a term."""
    month = Period.of(day)
    return any(term.first <= month <= term.last for term in terms)


def lapsed(terms: Terms, day: date) -> bool:
    """Whether deferment was approved and is over. Nothing is known of a term: not lapsed."""
    month = Period.of(day)
    return any(term.last < month for term in terms) and not any(term.last >= month for term in terms)


def last_owed(terms: Terms, reading: Reading, breaks: int) -> Period | None:
    """The last of the due and unpaid months that no term takes out; None where all must not be paid yet."""
    running = in_force(terms, reading.day)
    taken = [term for term in terms if running or term.kept(reading, breaks)]
    month = reading.due
    while month > reading.paid:
        if not any(term.first <= month <= term.last for term in taken):
            return month
        month += -1
    return None


def excused(terms: Terms, reading: Reading, breaks: int) -> int:
    """How many of the due and unpaid months must not be paid yet. Terms do not overlap."""
    running = in_force(terms, reading.day)
    return sum(term.unpaid(reading) for term in terms if running or term.kept(reading, breaks))
