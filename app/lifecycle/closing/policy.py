"""Who closes accounts, the clocks of the law, and which papers a closing asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from app.core.clock import today
from app.core.options import Option
from app.core.permissions import Actor, Grantable
from app.employers.models import Employer
from app.employers.policy import visible_to as employers_visible_to
from app.lifecycle.closing.models import Closing, Placement, Sealing
from app.lifecycle.papers.policy import Papers
from app.lifecycle.policy import DEREGISTER_DAYS

#: the legal basis of both clocks
BASIS = "change_or_deregister"
#: as the law gives them from the registration of the deregistration on
PLACE_DAYS = Option(
    "lifecycle.place_days", _l("Employees' accounts of a deregistered firm are transferred or sealed within"),
    20, 1, 180, _l("days"), _l("Counted from the day on which the deregistration was registered."),
)  # fmt: skip
SEALING_DAYS = Option(
    "lifecycle.sealing_days", _l("Decide on, and carry out, a central sealing within"), 5, 1, 60,
    _l("working days"),
)  # fmt: skip
OPTIONS = (PLACE_DAYS, SEALING_DAYS)

#: the papers stand under one heading for all, and one for each reason: 2 and the reason's code
PAPERS = Papers("closing_document")
EVERYBODY = "1"


class Permission(Grantable):
    VIEW = "closing:view", _l("See whose accounts are being closed, and what is missing")
    WORK = "closing:work", _l("Keep closing files: the event, papers, and where employees' accounts went")
    APPROVE = "closing:approve", _l("Approve the central sealing of employees' accounts")


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The closings of employers in the actor's reach."""
    return Closing.employer_id.in_(select(Employer.id).where(employers_visible_to(actor)))


def sealing_visible_to(actor: Actor | None) -> ColumnElement[bool]:
    return Sealing.employer_id.in_(select(Employer.id).where(employers_visible_to(actor)))


def placement_visible_to(actor: Actor | None) -> ColumnElement[bool]:
    return Placement.employer_id.in_(select(Employer.id).where(employers_visible_to(actor)))


def headings_for(reason: str | None) -> Sequence[str]:
    """The headings of the papers that a closing for this reason asks for."""
    return (EVERYBODY, f"2{reason}") if reason else (EVERYBODY,)


def papers_for(reason: str | None) -> list[str]:
    return PAPERS.asked(headings_for(reason))


@dataclass(frozen=True)
class Clock:
    """A term of the law in days of the calendar: since when, by when, and when it was met, if known."""

    since: date | None
    due_on: date | None
    met_on: date | None = None

    @property
    def days_left(self) -> int | None:
        """Until the end of the term, negative when it has passed; None: not running."""
        if self.due_on is None or self.met_on is not None:
            return None
        return (self.due_on - today()).days

    @property
    def overdue(self) -> bool:
        """Still open after its last day; or met, but after it."""
        if self.due_on is None:
            return False
        return (self.met_on or today()) > self.due_on


def clock(since: date | None, days: Option, met_on: date | None = None) -> Clock:
    """The term as it was set on the day it began."""
    due_on = since + timedelta(days=days.value(since)) if since else None
    return Clock(since, due_on, met_on)


def register_clock(event_on: date | None, registered_on: date | None) -> Clock:
    """From the event until the deregistration is registered (Art. 14 of the Regulation: thirty days)."""
    return clock(event_on, DEREGISTER_DAYS, registered_on)


def place_clock(registered_on: date | None, placed_on: date | None) -> Clock:
    """From the registration until all accounts are transferred or sealed (the same article: twenty days)."""
    return clock(registered_on, PLACE_DAYS, placed_on)
