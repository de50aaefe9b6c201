"""Planning events, inviting employers, and writing down who came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from app.accounts.models import User
from app.audit import services as audit
from app.core import timeline
from app.core.clock import now, today
from app.core.code_tables import codes
from app.core.criteria.trees import Tree
from app.core.db import among, db, insert_new
from app.core.errors import Conflict, DomainError
from app.core.language.i18n import msgid
from app.core.permissions import Actor
from app.core.personal.retaining import without_word
from app.core.rules.workdays import on_or_after
from app.core.workflow.acts import demand
from app.core.workflow.engine import transition
from app.employers.lists import select_employers
from app.employers.models import Contact, Employer, EmployerContact
from app.employers.queries import possible_owners
from app.outreach.events import queries
from app.outreach.events.models import EventState, Invitee, InviteeState
from app.outreach.events.models import OutreachEvent as Event
from app.outreach.events.policy import KINDS, MOST
from app.outreach.events.workflow import EVENT, INVITATION, TASK, TOLD
from app.tasks.services import open_task

INVITED = msgid("Invited to the event: %(event)s")
ASK = msgid("Record who came to the event: %(event)s")


@dataclass(frozen=True)
class Plan:
    """What is planned. `capacity` None: there is room for all."""

    title: str
    kind: str
    place: str
    starts_at: datetime
    ends_at: datetime
    owner_id: int
    capacity: int | None = None
    notes: str = ""


@dataclass(frozen=True)
class Invited:
    """What became of many at once: added, invited already, and how many more than there are places."""

    added: int
    there: int
    beyond: int


def plan(wish: Plan, actor: Actor) -> Event:
    """An event of the actor's branch."""
    event = Event(branch_id=actor.branch_id, planned_by_id=actor.id)
    _fill(event, wish)
    db.session.add(event)
    db.session.flush()
    return event


def change(event: Event, wish: Plan, actor: Actor) -> None:
    demand(event, "edit", actor)
    _fill(event, wish)
    db.session.flush()


def _fill(event: Event, wish: Plan) -> None:
    if wish.ends_at <= wish.starts_at:
        raise DomainError(_l("The event must end after it begins."))
    if wish.kind != event.kind and wish.kind not in codes(KINDS):
        raise DomainError(_l("Choose one of the kinds of events."))
    if not wish.title.strip() or not wish.place.strip():
        raise DomainError(_l("Say what the event is called and where it takes place."))
    if wish.owner_id != event.owner_id and wish.owner_id not in {
        one.id for one in possible_owners(event.branch_id)
    }:
        raise DomainError(_l("Choose an active colleague of the same branch."))
    event.title, event.place, event.notes = wish.title.strip(), wish.place.strip(), wish.notes.strip()
    event.kind, event.owner_id, event.capacity = wish.kind, wish.owner_id, wish.capacity
    event.starts_at, event.ends_at = wish.starts_at, wish.ends_at


# Inviting -------------------------------------------------------------------------------------------------


def invite(event: Event, employer: Employer, actor: Actor) -> Invitee:
    """One employer; Conflict when it is invited already."""
    demand(event, "invite", actor)
    if queries.invitee_of(event.id, employer.id) is not None:
        raise Conflict(_l("It is invited to this event already."))
    invitee = Invitee(event=event, employer=employer, recorded_by_id=actor.id)
    db.session.add(invitee)
    db.session.flush()
    timeline.record(
        employer.id, TOLD, INVITED, params={"event": event.title}, actor=actor, endpoint="events.show",
        link_id=event.id,
    )  # fmt: skip
    return invitee


def invite_all(event: Event, tree: Tree, actor: Actor) -> Invited:
    """The employers in the actor's reach that the criteria describe; who is invited stays as it is."""
    demand(event, "invite", actor)
    _hold(event)
    described = select_employers(tree, actor).with_only_columns(Employer.id).order_by(Employer.id)
    there = select(Invitee.employer_id).where(Invitee.event_id == event.id)
    known = select(Invitee.id).where(
        Invitee.event_id == event.id, Invitee.employer_id.in_(described.order_by(None))
    )
    new = db.session.scalars(described.where(Employer.id.not_in(there)).limit(MOST + 1)).all()
    if len(new) > MOST:
        raise DomainError(_l("These are more than %(most)s employers: choose narrower criteria.", most=MOST))
    already = len(db.session.scalars(known).all())
    _write(event, new, actor)
    return Invited(len(new), already, beyond(event))


def _hold(event: Event) -> None:
    """Of two who invite at once the second finds the first's invitees there."""
    db.session.execute(select(Event.id).where(Event.id == event.id).with_for_update())


def _write(event: Event, employer_ids: Sequence[int], actor: Actor) -> None:
    if not employer_ids:
        return
    moment = now()
    shared: dict[str, Any] = {
        "event_id": event.id, "state": InviteeState.INVITED, "since": moment, "note": "",
        "invited_on": today(), "recorded_on": today(), "recorded_by_id": actor.id,
        "created_at": moment, "updated_at": moment,
    }  # fmt: skip
    db.session.execute(insert_new(Invitee), [{"employer_id": one, **shared} for one in employer_ids])
    named = {"event": event.title}
    happenings = (timeline.Happening(one, INVITED, named, link_id=event.id) for one in employer_ids)
    timeline.record_many(TOLD, happenings, actor=actor, endpoint="events.show")
    audit.record(msgid("Employers invited to an event"), event, details={"number": len(employer_ids)})


def beyond(event: Event) -> int:
    """How many more employers take a place than there are places."""
    return max(0, queries.seated(event.id) - event.capacity) if event.capacity is not None else 0


def mean(invitee: Invitee, contact_id: int | None, note: str, actor: Actor) -> None:
    """Who is meant to come, of the employer's present people, and what else is to be known."""
    demand(invitee.event, "invite", actor)
    serves = select(Contact.id).join(EmployerContact, EmployerContact.contact_id == Contact.id)
    known = serves.where(EmployerContact.employer_id == invitee.employer_id, Contact.id == contact_id)
    if contact_id is not None and db.session.scalars(known.limit(1)).first() is None:
        raise DomainError(_l("Choose somebody of this employer."))
    invitee.contact_id, invitee.note = contact_id, note.strip()
    db.session.flush()


# How long it is kept --------------------------------------------------------------------------------------


def forget_meant(event_ids: Sequence[int]) -> int:
    """Nobody is named at these events any more; past the session, or the trail would keep the notes."""
    theirs = update(Invitee).where(among(Invitee.event_id, event_ids))
    db.session.execute(theirs.values(contact_id=None, note=""))
    db.session.execute(update(Event).where(among(Event.id, event_ids)).values(notes=""))
    return len(event_ids)


def forget_people(_sender: object, names: Mapping[int, str]) -> None:
    """The notes on invitees of their employers tell these names no more."""
    query = (
        select(Invitee.id, Invitee.note, EmployerContact.contact_id)
        .join(EmployerContact, EmployerContact.employer_id == Invitee.employer_id)
        .where(among(EmployerContact.contact_id, list(names)), Invitee.note != "")
    )
    notes: dict[int, str] = {}
    for invitee_id, note, contact_id in db.session.execute(query):
        notes[invitee_id] = without_word(notes.get(invitee_id, note), names[contact_id])
    if notes:
        db.session.execute(update(Invitee), [{"id": id_, "note": note} for id_, note in notes.items()])


# Who came -------------------------------------------------------------------------------------------------


def record(invitee: Invitee, step: str, actor: Actor, persons: int | None = None) -> None:
    """One step of an invitee. A second tap of the same changes nothing, unless so many people came."""
    demand(invitee.event, "attendance", actor)
    if INVITATION.named(step).target == invitee.state:
        if invitee.state is not InviteeState.ATTENDED or persons in (None, invitee.persons):
            return
        transition(INVITATION, invitee, "set_back", actor)
    transition(INVITATION, invitee, step, actor, answers={"persons": persons} if persons else {})


def miss_the_rest(event: Event, actor: Actor) -> int:
    """All of whom nobody has said anything did not come; gives how many."""
    demand(event, "attendance", actor)
    left = queries.awaited_invitees(event.id)
    for invitee in left:
        transition(INVITATION, invitee, "miss", actor)
    return len(left)


def ask_for_attendance() -> int:
    """The owner of each event that is over and still stands as planned is asked once; gives how many."""
    events = queries.unrecorded()
    due = on_or_after(today())
    for event in events:
        open_task(
            TASK, ASK, due, branch_id=event.branch_id, owner_id=event.owner_id,
            params={"event": event.title}, source=(EVENT.name, event.id), again=True,
        )  # fmt: skip
    return len(events)


def owners(event: Event | None, actor: Actor) -> Sequence[User]:
    """Whom an event may be given to."""
    return possible_owners(event.branch_id if event else actor.branch_id)


def open_event(event_id: int, actor: Actor) -> Event:
    """An event to which the actor may invite; DomainError otherwise."""
    found = next((one for one in queries.open_events(actor) if one.id == event_id), None)
    if found is None or found.state is not EventState.PLANNED:
        raise DomainError(_l("Choose an event that is planned."))
    return found
