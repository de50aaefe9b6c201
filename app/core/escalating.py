"""What features bring to the way from service to enforcement (`app/lifecycle/escalation`).

An origin is a kind of matter that may be pursued step by step, such as an arrears case; it says when it may
begin and how it ended. An evidence kind finds, among a feature's records, what proves a step. Both are
declared in the manifest of the feature that owns the records, so that none of them knows of the other.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any


class Breach(StrEnum):
    """What an employer fails to do; the law follows it up in two ways that never mix."""

    #: does not register, or sets up no accounts: an order, then a penalty
    REGISTER = "register"
    #: pays late or too little: an order, then the court
    PAY = "pay"


class Step(StrEnum):
    """The steps in their order; the last two are the ways of the two breaches."""

    CONTACT = "contact"
    VISIT = "visit"
    URGE = "urge"
    ORDER = "order"
    PENALTY = "penalty"
    COURT = "court"


class Outcome(StrEnum):
    """What came of it."""

    PAID = "paid"
    REGISTERED = "registered"
    RELIEVED = "relieved"
    CLOSED = "closed"
    #: the matter itself fell away: taken back, not obliged, dismissed
    LAPSED = "lapsed"
    STOPPED = "stopped"


#: what was asked for was done
REACHED = frozenset({Outcome.PAID, Outcome.REGISTERED})


@dataclass(frozen=True)
class Ending:
    """How a matter ended, and what proves it."""

    outcome: Outcome
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Origin:
    """A kind of matter. `matter(employer)` is the id of the employer's open one, if it has any.

    `objections(employer)`: everything that stands in the way of beginning now. `endings(matter ids)`: those
    that are over, by id. Whenever the `workflow` moves, what follows from it is looked at again.
    """

    name: str
    label: Any
    breach: Breach
    matter: Callable[[Any], int | None]
    objections: Callable[[Any], list[Any]]
    endings: Callable[[Collection[int]], Mapping[int, Ending]]
    workflow: str
    #: the page of a matter, and the name of the id in its address
    endpoint: str | None = None
    argument: str = "id"


@dataclass(frozen=True)
class Exhibit:
    """One thing that proves something: `title` is a msgid with `params`."""

    on: date
    title: str
    params: Mapping[str, Any] = field(default_factory=dict)
    record_id: int | None = None
    #: answers with which the form of the step may begin, such as a letter's number
    answers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class EvidenceKind:
    """A feature's records as evidence. `find(employer_id, since)` gives those of the day or later.

    It is filed with each of `steps`; those in `proves` cannot be taken without a kind that proves them.
    """

    name: str
    label: Any
    steps: frozenset[Step]
    find: Callable[[int, date], Sequence[Exhibit]]
    proves: frozenset[Step] = frozenset()
    endpoint: str | None = None
    argument: str = "id"
