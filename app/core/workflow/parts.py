"""What a workflow is declared of: states with their deadlines, and transitions with what they ask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from app.core import options
from app.core.permissions import Actor

Reason = Any  # a lazy string
#: Looks at a record and says what stands in the way: a reason, or a list of them; None lets it pass.
Guard = Callable[[Any, Actor | None], Reason | list[Reason] | None]
#: The same for the answers that a person gives with the step.
Check = Callable[[Any, Mapping[str, Any]], Reason | None]
#: does what a step brings with it, to the record and the `workflow.Move` that was made
Effect = Callable[[Any, Any], None]


class Tone(StrEnum):
    """How a state looks: a badge's colour family; the label always says the same in words."""

    NEUTRAL = "neutral"
    ACTIVE = "active"
    GOOD = "good"
    WARNING = "warning"
    DANGER = "danger"
    DONE = "done"


@dataclass(frozen=True)
class Deadline:
    """A task that entering the state opens for the record's owner, and leaving it closes."""

    title: Any
    #: a number, or an option with which the department sets it
    limit: int | options.Option
    #: counted in days of the calendar, as the law does, instead of working days
    calendar: bool = False
    #: a date column of the record that holds instead, where the step itself sets a day; or how it follows
    own: str | Callable[[Any], date | None] = ""
    #: a date column of the record from which the days count; from the step itself where it has none
    since: str = ""

    def own_day(self, record: Any) -> date | None:
        """The day that this record's own dates give; None where it has none."""
        if callable(self.own):
            return self.own(record)
        return getattr(record, self.own, None) if self.own else None

    @property
    def days(self) -> int:
        """How many days hold now."""
        return self.limit if isinstance(self.limit, int) else self.limit.value()

    @property
    def usual(self) -> int:
        """How many days hold until the department sets others."""
        return self.limit if isinstance(self.limit, int) else self.limit.usual


@dataclass(frozen=True)
class Act:
    """Something done with a record besides moving it; without a `permission` the state alone decides."""

    name: str
    label: Any
    permission: str | None = None


@dataclass(frozen=True)
class Nobody:
    """What a state allows nobody, whatever the role; the reason says what to do instead."""

    reason: Any


@dataclass(frozen=True)
class State:
    """`acts`: what takes another permission here than usual, or is allowed to nobody (see `acts.py`)."""

    name: str
    label: Any
    tone: Tone = Tone.NEUTRAL
    deadline: Deadline | None = None
    final: bool = False
    acts: Mapping[str, str | Nobody] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Ask:
    """Something a transition must be told: becomes a form field.

    kind: text, count (a whole number), date (past or today), day_ahead, month, choice, or coded (a code of
    the table named).

    An answer named like a column of the record is stored there; all are kept with the history.
    """

    name: str
    label: Any
    kind: str = "text"
    choices: tuple[tuple[str, Any], ...] = ()
    required: bool = True
    table: str = ""


@dataclass(frozen=True)
class Transition:
    """`permission` None: only the system moves it, with evidence; a person never can."""

    name: str
    label: Any
    sources: tuple[str, ...]
    target: str
    permission: str | None
    asks: tuple[Ask, ...] = ()
    guards: tuple[Guard, ...] = ()
    checks: tuple[Check, ...] = ()
    effects: tuple[Effect, ...] = ()
    tone: Tone = Tone.NEUTRAL
