"""Reading events and their invitees."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from app.core.clock import SHANGHAI, today
from app.core.criteria.fields import Choice
from app.core.db import db
from app.core.language.formats import date as as_date
from app.core.permissions import Actor, present_actor
from app.employers.models import Contact, Employer, EmployerContact
from app.employers.search.queries import matching
from app.outreach.events.models import AWAITED, SEATED, EventState, Invitee, InviteeState
from app.outreach.events.models import OutreachEvent as Event
from app.outreach.events.policy import invitees_visible_to, visible_to
from app.outreach.events.workflow import EVENT, TASK
from app.tasks.models import Task, TaskState

#: how many events are offered where one is chosen, the latest first
OFFERED = 200
#: the fields of criteria that name an event
NAMING = frozenset(("event", "event_awaited", "event_accepted", "event_came", "event_missed"))


def listed(actor: Actor | None) -> Select[Event]:
    """Every event in reach, for the list page."""
    return select(Event).where(visible_to(actor))


def invitees(actor: Actor | None, event_id: int) -> Select[Invitee]:
    """The invitees of an event in reach."""
    return select(Invitee).where(Invitee.event_id == event_id, invitees_visible_to(actor))


def _count(*conditions: ColumnElement[bool]) -> Any:
    counted = select(func.count(Invitee.id)).where(Invitee.event_id == Event.id, *conditions)
    return counted.correlate(Event).scalar_subquery()


#: of an event, as parts of a select: how many employers are invited, how many came, and how many people
INVITED = _count()
ATTENDED = _count(Invitee.state == InviteeState.ATTENDED)
PERSONS = (
    select(func.coalesce(func.sum(Invitee.persons), 0))
    .where(Invitee.event_id == Event.id)
    .correlate(Event)
    .scalar_subquery()
)


def tally(event_id: int, actor: Actor) -> tuple[Mapping[InviteeState, int], int]:
    """How many invitees in reach stand in each state, and how many people came."""
    query = (
        invitees(actor, event_id)
        .with_only_columns(Invitee.state, func.count(), func.coalesce(func.sum(Invitee.persons), 0))
        .group_by(Invitee.state)
    )
    rows = db.session.execute(query).all()
    return {state: number for state, number, _came in rows}, sum(came or 0 for _state, _number, came in rows)


def awaited_invitees(event_id: int) -> Sequence[Invitee]:
    """With their employers, for what is recorded of all of them."""
    return db.session.scalars(_of(event_id, AWAITED).options(joinedload(Invitee.employer))).all()


def seated(event_id: int) -> int:
    """How many employers take a place."""
    return db.session.scalar(_of(event_id, SEATED).with_only_columns(func.count()).order_by(None)) or 0


def seats_taken(event_ids: Sequence[int]) -> dict[int, int]:
    """How many employers take a place at each of these events; those without any are left out."""
    query = select(Invitee.event_id, func.count()).where(
        Invitee.event_id.in_(event_ids), Invitee.state.in_(SEATED)
    )
    return {event_id: number for event_id, number in db.session.execute(query.group_by(Invitee.event_id))}


def _of(event_id: int, states: Sequence[InviteeState]) -> Select[Invitee]:
    return select(Invitee).where(Invitee.event_id == event_id, Invitee.state.in_(states)).order_by(Invitee.id)


def invitee_of(event_id: int, employer_id: int) -> Invitee | None:
    query = select(Invitee).where(Invitee.event_id == event_id, Invitee.employer_id == employer_id)
    return db.session.scalars(query).one_or_none()


def invited_among(event_id: int, employer_ids: Sequence[int]) -> frozenset[int]:
    """Which of these employers are invited to the event already."""
    query = select(Invitee.employer_id).where(
        Invitee.event_id == event_id, Invitee.employer_id.in_(employer_ids)
    )
    return frozenset(db.session.scalars(query))


def for_attendance(event_id: int, words: str, actor: Actor) -> Sequence[Invitee]:
    """The invitees in reach by name, of whose employers the words tell; who is awaited stands first."""
    query = (
        invitees(actor, event_id)
        .join(Invitee.employer)
        .options(
            joinedload(Invitee.employer).load_only(Employer.id, Employer.name).lazyload("*"),
            joinedload(Invitee.contact).load_only(Contact.id, Contact.name),
        )
        .order_by(Invitee.state.not_in(AWAITED), Employer.name, Invitee.id)
    )
    return db.session.scalars(query.where(matching(words)) if words else query).unique().all()


def of_employer(employer_id: int, actor: Actor, most: int = 5) -> Sequence[Invitee]:
    """The latest events in reach to which an employer was invited."""
    query = (
        select(Invitee)
        .join(Invitee.event)
        .where(Invitee.employer_id == employer_id, visible_to(actor))
        .options(joinedload(Invitee.event).lazyload("*"))
        .order_by(Event.starts_at.desc(), Invitee.id.desc())
        .limit(most)
    )
    return db.session.scalars(query).all()


def open_events(actor: Actor) -> Sequence[Event]:
    """Events to which employers may still be invited, the next first."""
    query = listed(actor).where(Event.state == EventState.PLANNED).order_by(Event.starts_at, Event.id)
    return db.session.scalars(query.limit(OFFERED)).all()


def unrecorded() -> Sequence[Event]:
    """Planned events that ended before today and whose owner is not asked for it."""
    asked = select(Task.id).where(
        Task.kind == TASK, Task.source_type == EVENT.name, Task.source_id == Event.id,
        Task.state == TaskState.OPEN,
    )  # fmt: skip
    midnight = datetime.combine(today(), time(), SHANGHAI)
    over = (Event.state == EventState.PLANNED, Event.ends_at < midnight)
    return db.session.scalars(select(Event).where(*over, ~asked.exists()).order_by(Event.id)).all()


# What criteria over employers ask -------------------------------------------------------------------------


def choices(actor: Actor | None) -> list[Choice]:
    """The latest events in reach, by title and day; without an actor, those that whoever reads now sees."""
    query = listed(actor or present_actor()).with_only_columns(Event.id, Event.title, Event.starts_at)
    rows = db.session.execute(query.order_by(Event.starts_at.desc(), Event.id.desc()).limit(OFFERED))
    return [(str(row.id), f"{row.title}（{as_date(row.starts_at)}）") for row in rows]


def people_over(before: datetime) -> Select[int]:
    """Events that ended before, and still tell who was meant to come or what else was noted."""
    told = select(Invitee.id).where(
        Invitee.event_id == Event.id, or_(Invitee.contact_id.is_not(None), Invitee.note != "")
    )
    return select(Event.id).where(Event.ends_at < before, or_(Event.notes != "", told.exists()))


def persons_meant(campaign: Any) -> dict[int, set[int]]:
    """Who is meant to come to the events that the criteria of a campaign name, and is still there: ids of
    contacts by employer."""
    events = _events_in(campaign.criteria)
    serves = select(EmployerContact.id).where(
        EmployerContact.employer_id == Invitee.employer_id,
        EmployerContact.contact_id == Invitee.contact_id,
        or_(EmployerContact.until.is_(None), EmployerContact.until >= today()),
    )
    query = (
        select(Invitee.employer_id, Contact.id)
        .join(Contact, Contact.id == Invitee.contact_id)
        .where(Invitee.event_id.in_(events), serves.exists())
    )
    meant: dict[int, set[int]] = {}
    if events:
        for employer_id, contact_id in db.session.execute(query):
            meant.setdefault(employer_id, set()).add(contact_id)
    return meant


def _events_in(tree: Mapping[str, Any]) -> list[int]:
    """The events that criteria name."""
    if tree.get("field") in NAMING and tree.get("op") == "in":
        return [int(one) for one in tree.get("value") or () if str(one).isdecimal()]
    return [event for part in tree.get("rules", ()) for event in _events_in(part)]


def belongs(*states: InviteeState) -> Any:
    """Whether an employer stands in one of these states at one of the events named; none: in any."""

    def found(ids: Sequence[Any], actor: Actor | None) -> ColumnElement[bool]:
        seen = select(Event.id).where(Event.id.in_(ids), visible_to(actor))
        member = select(Invitee.id).where(Invitee.employer_id == Employer.id, Invitee.event_id.in_(seen))
        return (member.where(Invitee.state.in_(states)) if states else member).exists()

    return found
