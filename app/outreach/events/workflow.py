"""An event from its planning to its end, and each invitee from the invitation to what came of it."""

from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select, true

from app.core import signals, timeline
from app.core.clock import local, today
from app.core.db import db
from app.core.finding import the_one
from app.core.language.i18n import msgid
from app.core.permissions import Actor
from app.core.workflow.engine import Ask, Move, Reason, State, Tone, Transition, Workflow
from app.core.workflow.parts import Act, Nobody
from app.outreach.events.models import AWAITED, EventState, Invitee, InviteeState
from app.outreach.events.models import OutreachEvent as Event
from app.outreach.events.policy import MOST_PERSONS, Permission, invitees_visible_to, visible_to
from app.outreach.models import IN_PERSON, Outcome, Visit
from app.tasks.services import settle

#: the kind of the owner's task, and of entries of the timeline
TASK, TOLD, CAME = "event_attendance", "event", "event_attended"
CALLED_OFF = msgid("The event is cancelled: %(event)s")
SAID = {
    InviteeState.INVITED: msgid("Set back to invited: %(event)s"),
    InviteeState.ACCEPTED: msgid("Will come to the event: %(event)s"),
    InviteeState.DECLINED: msgid("Will not come to the event: %(event)s"),
    InviteeState.ATTENDED: msgid("Attended the event: %(event)s"),
    InviteeState.ABSENT: msgid("Did not come to the event: %(event)s"),
    InviteeState.EXCUSED: msgid("Excused from the event: %(event)s"),
}


def _day_of(moment: datetime) -> Any:
    return local(moment).date()


# The event ------------------------------------------------------------------------------------------------


def has_begun(event: Event, _actor: Actor | None) -> Reason | None:
    if _day_of(event.starts_at) <= today():
        return None
    return _l("It has not begun yet.")


def attendance_is_recorded(event: Event, _actor: Actor | None) -> Reason | None:
    left = db.session.scalar(_awaited(event).with_only_columns(func.count()))
    if not left:
        return None
    return _l("Of %(number)s invitees nobody has recorded whether they came.", number=left)


def _awaited(event: Event) -> Any:
    """Employers of which nobody has said whether they came, in whosever reach they are."""
    return select(Invitee.employer_id).where(Invitee.event_id == event.id, Invitee.state.in_(AWAITED))


def _settle(event: Event, _move: Move) -> None:
    settle((EVENT.name, event.id), (TASK,))


def _call_off(event: Event, move: Move) -> None:
    """It stands in the story of everybody who was asked and has not declined."""
    named = {"event": event.title}
    happenings = (
        timeline.Happening(employer_id, CALLED_OFF, named, link_id=event.id)
        for employer_id in db.session.scalars(_awaited(event))
    )
    timeline.record_many(TOLD, happenings, actor=move.actor, endpoint="events.show")


def _forget_reason(event: Event, _move: Move) -> None:
    event.reason = ""


_CANCELLED = Nobody(_l("The event is cancelled."))
EVENT: Workflow[Event] = Workflow(
    name="event",
    title=_l("Event with invitees"),
    model=Event,
    states=(
        State("planned", _l("Planned"), Tone.ACTIVE),
        State(
            "held", _l("Held"), Tone.GOOD, final=True,
            acts={"edit": Nobody(_l("The event was held: what it was stays as it is."))},
        ),
        State(
            "cancelled", _l("Cancelled"), Tone.DONE, final=True,
            acts={"edit": _CANCELLED, "invite": _CANCELLED, "attendance": _CANCELLED},
        ),
    ),
    transitions=(
        Transition(
            "hold", _l("The event was held"), ("planned",), "held", Permission.PLAN,
            guards=(has_begun, attendance_is_recorded), effects=(_settle,), tone=Tone.GOOD,
        ),
        Transition(
            "cancel", _l("Cancel the event"), ("planned",), "cancelled", Permission.PLAN,
            asks=(Ask("reason", _l("Reason")),), effects=(_settle, _call_off), tone=Tone.DANGER,
        ),
        Transition(
            "take_back", _l("Take it back: the event is planned"), ("held", "cancelled"), "planned",
            Permission.UNDO, asks=(Ask("why", _l("Reason")),), effects=(_forget_reason,), tone=Tone.WARNING,
        ),
    ),
    acts=(
        Act("edit", _l("Change what is planned"), Permission.PLAN),
        Act("invite", _l("Invite employers"), Permission.PLAN),
        Act("attendance", _l("Record who came"), Permission.PLAN),
    ),
    since="since",
    employer_id=lambda _event: None,
    load=lambda event_id, actor: load(event_id, actor),
    endpoint="events.show",
)  # fmt: skip


def load(event_id: int, actor: Actor) -> Event:
    """The event, or NotFound when it is out of the actor's reach."""
    query = select(Event).where(Event.id == event_id, visible_to(actor))
    return the_one(query, _l("This event does not exist."))


# Its invitees ---------------------------------------------------------------------------------------------


def not_cancelled(invitee: Invitee, _actor: Actor | None) -> Reason | None:
    return _l("The event is cancelled.") if invitee.event.state is EventState.CANCELLED else None


def event_has_begun(invitee: Invitee, actor: Actor | None) -> Reason | None:
    return has_begun(invitee.event, actor)


def _persons_fit(_invitee: Invitee, answers: Any) -> Reason | None:
    persons = answers.get("persons")
    if persons in (None, "") or 1 <= int(persons) <= MOST_PERSONS:
        return None
    return _l("Between 1 and %(most)s people come of one employer.", most=MOST_PERSONS)


def _note(invitee: Invitee, move: Move) -> None:
    """When and by whom, how many came, and the story of the employer."""
    came = invitee.state is InviteeState.ATTENDED
    if move.source == InviteeState.ATTENDED:
        _not_met(invitee)
    invitee.recorded_on, invitee.recorded_by_id = today(), move.actor.id if move.actor else None
    invitee.persons = (invitee.persons or 1) if came else None
    params: dict[str, Any] = {"event": invitee.event.title}
    timeline.record(
        invitee.employer_id, CAME if came else TOLD, SAID[invitee.state], params=params, actor=move.actor,
        at=invitee.event.starts_at if came else None, endpoint="events.show", link_id=invitee.event_id,
    )  # fmt: skip
    if came:
        _met(invitee, move.actor)
    db.session.flush()


def _met(invitee: Invitee, actor: Actor | None) -> None:
    """An employer that came was spoken to, face to face."""
    employer, day = invitee.employer, _day_of(invitee.event.starts_at)
    before = employer.last_contact_on
    invitee.moved_contact = before is None or before < day
    if invitee.moved_contact:
        employer.last_contact_on, invitee.contact_before = day, before
    signals.employer_met.send(employer, at=invitee.event.starts_at, in_person=True, actor=actor)


def _not_met(invitee: Invitee) -> None:
    """It did not come after all: the last contact is again the one before, or another one of that day."""
    employer, day, others = invitee.employer, _day_of(invitee.event.starts_at), _other_contacts(invitee)
    otherwise = any(one == day for one, _in_person in others)
    if invitee.moved_contact and employer.last_contact_on == day and not otherwise:
        employer.last_contact_on = invitee.contact_before
    invitee.moved_contact, invitee.contact_before = False, None
    signals.contact_withdrawn.send(employer, on=day, others=others)


def _other_contacts(invitee: Invitee) -> list[tuple[date, bool]]:
    """The days on which visits, calls and other events spoke to the employer, and whether in person."""
    visits = select(Visit.at, Visit.kind.in_(IN_PERSON)).where(
        Visit.employer_id == invitee.employer_id, Visit.outcome != Outcome.NOT_REACHED
    )
    events = (
        select(Event.starts_at, true())
        .join(Invitee, Invitee.event_id == Event.id)
        .where(
            Invitee.employer_id == invitee.employer_id,
            Invitee.id != invitee.id,
            Invitee.state == InviteeState.ATTENDED,
        )
    )
    found = [*db.session.execute(visits), *db.session.execute(events)]
    return [(_day_of(at), in_person) for at, in_person in found]


_PERSONS = Ask("persons", _l("How many people came"), "count", required=False)
INVITATION: Workflow[Invitee] = Workflow(
    name="event_invitee",
    title=_l("Invitation to an event"),
    model=Invitee,
    states=(
        State("invited", _l("Was invited"), Tone.ACTIVE),
        State("accepted", _l("Will come"), Tone.GOOD),
        State("declined", _l("Declined"), Tone.WARNING),
        State("attended", _l("Has come"), Tone.GOOD, final=True),
        State("absent", _l("Absent"), Tone.DANGER, final=True),
        State("excused", _l("Excused"), Tone.WARNING, final=True),
    ),
    transitions=(
        Transition(
            "accept", _l("Record that it will come"), ("invited", "declined"), "accepted", Permission.PLAN,
            guards=(not_cancelled,), effects=(_note,), tone=Tone.GOOD,
        ),
        Transition(
            "decline", _l("Record that it will not come"), ("invited", "accepted"), "declined",
            Permission.PLAN, guards=(not_cancelled,), effects=(_note,), tone=Tone.WARNING,
        ),
        Transition(
            "attend", _l("Record that it came"), ("invited", "accepted", "declined", "absent", "excused"),
            "attended", Permission.PLAN, asks=(_PERSONS,), guards=(not_cancelled, event_has_begun),
            checks=(_persons_fit,), effects=(_note,), tone=Tone.GOOD,
        ),
        Transition(
            "miss", _l("Record that nobody came"), ("invited", "accepted", "attended", "excused"), "absent",
            Permission.PLAN, guards=(not_cancelled, event_has_begun), effects=(_note,), tone=Tone.DANGER,
        ),
        Transition(
            "excuse", _l("Record that it was excused"), ("invited", "accepted", "attended", "absent"),
            "excused", Permission.PLAN, guards=(not_cancelled,), effects=(_note,), tone=Tone.WARNING,
        ),
        Transition(
            "set_back", _l("Set back to invited"), ("accepted", "declined", "attended", "absent", "excused"),
            "invited", Permission.PLAN, guards=(not_cancelled,), effects=(_note,), tone=Tone.NEUTRAL,
        ),
    ),
    since="since",
    # the story of the employer names the event, so the steps tell it themselves
    employer_id=lambda _invitee: None,
    load=lambda invitee_id, actor: load_invitee(invitee_id, actor),
    endpoint="events.invitee",
)  # fmt: skip


def load_invitee(invitee_id: int, actor: Actor) -> Invitee:
    """The invitee, or NotFound when its event or its employer is out of the actor's reach."""
    query = select(Invitee).where(Invitee.id == invitee_id, invitees_visible_to(actor))
    return the_one(query, _l("There is no such invitee."))
