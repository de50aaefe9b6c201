"""What approved deferment takes out of arrears: the rule, and the seam by which its owner tells the terms.

Whoever approves deferment declares `Deferments` in its manifest; whoever reckons arrears asks
`current_features().deferments`, in SQL or for a set of employers at once, and neither knows of the other.

The rule (Article 20 of the Regulation, domain rule E1). A term is approved for whole months, both ends
included. While one is in force, no month of the employer's terms is due. From the first day after its last
month the account is an ordinary one again, whatever status the bank still shows: what was deferred has to be
made up, so its months are due and unpaid like all others. They are not while a plan agreed on for making them
up is kept: that is, while statements show each instalment made up by the month it was promised for. Where too
many are not (`breaks`, as the department has set it), all months of the term that are still unpaid are due.
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
    None: a later approval ends the one before), plan_id, agreed_on (None without a plan) and made_up.
    `marks()` selects plan_id, month and through: the instalment of the month is made up when months up to
    `through` are paid.
    `breaks(day)`: how many instalments short or missed break a plan.
    """

    terms: Callable[[], "Select[*tuple[Any, ...]]"]
    marks: Callable[[], "Select[*tuple[Any, ...]]"]
    breaks: Callable[[date], int]


@dataclass(frozen=True)
class Term:
    """Months of approved deferment; `marks` are those of the plan that makes them up."""

    first: Period
    last: Period
    agreed_on: date | None = None
    marks: tuple[tuple[Period, Period], ...] = ()
    made_up: bool = False

    def kept(self, reading: "Reading", breaks: int) -> bool:
        """Whether it is made up, or by a plan that the statement shows to be kept."""
        if self.made_up:
            return True
        if self.agreed_on is None or self.agreed_on > reading.day:
            return False
        missed = [1 for month, through in self.marks if month <= reading.statement and through > reading.paid]
        return len(missed) < breaks

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


def excused(terms: Terms, reading: Reading, breaks: int) -> int:
    """How many of the due and unpaid months must not be paid yet. Terms do not overlap."""
    running = in_force(terms, reading.day)
    return sum(term.unpaid(reading) for term in terms if running or term.kept(reading, breaks))
