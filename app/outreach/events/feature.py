"""The manifest of events."""

from typing import Any

from flask import Flask
from flask_babel import lazy_gettext as _l

from app.core import signals
from app.core.criteria.fields import kept_for
from app.core.features import Feature, NavItem, Panel, TimelineKind
from app.core.files.attachable import RecordKind
from app.core.finds import SearchKind
from app.core.handing_over import Matter
from app.core.jobs import DailyAt
from app.core.links import url_if
from app.core.merging.moving import PEOPLE, Mover
from app.core.permissions import LEADERS, OFFICE, Actor, Role
from app.core.personal.retaining import Retention, people_forgotten
from app.core.searching import rows_of
from app.core.sendable import Sendable
from app.employers.models import Employer
from app.outreach.events import demo, lists, queries, services
from app.outreach.events.jobs import ask_for_attendance
from app.outreach.events.lists import ATTENDANCE, EVENTS, FIELDS, INVITE
from app.outreach.events.models import EventState, Invitee
from app.outreach.events.models import OutreachEvent as Event
from app.outreach.events.policy import Permission, visible_to
from app.outreach.events.views import blueprint
from app.outreach.events.workflow import CAME, EVENT, INVITATION, TASK, TOLD

_LABEL = _l("Events")


def _panel(employer: Employer, actor: Actor) -> dict[str, Any]:
    return {"invitations": queries.of_employer(employer.id, actor), "invitation": INVITATION}


def watch(_app: Flask) -> None:
    """What is sent to invitees goes to whoever is meant to come; notes name nobody who is forgotten."""
    signals.persons_meant.connect(queries.persons_meant)
    people_forgotten.connect(services.forget_people)


feature = Feature(
    name="events",
    blueprint=blueprint,
    demo=demo.load,
    init=watch,
    navigation=(NavItem(_LABEL, "events.index", Permission.VIEW, "calendar-event", "visits", 36),),
    grants={
        Permission.VIEW: OFFICE,
        Permission.PLAN: (Role.SPECIALIST, *LEADERS),
        Permission.UNDO: LEADERS,
    },
    workflows=(EVENT, INVITATION),
    employer_fields=kept_for(Permission.VIEW, FIELDS),
    employer_actions=(INVITE,),
    recorded_tasks=(TASK,),
    kpis=(ATTENDANCE,),
    search=(
        SearchKind("events", _LABEL, "events.index", rows_of(EVENTS, "title", about=("state",)), order=34),
    ),
    panels=(Panel("events", _LABEL, "outreach/events/_panel.html", _panel, Permission.VIEW, 24, later=True),),
    record_kinds=(
        RecordKind(
            "event",
            _l("Event with invitees"),
            Event,
            visible_to,
            view=Permission.VIEW,
            attach=Permission.PLAN,
            remove=Permission.PLAN,
            employer_id=lambda _event: None,
            title=lambda event: event.title,
            endpoint="events.show",
        ),
    ),
    sendables=(
        Sendable(
            "event",
            "event_invitation",
            lambda event: event.title,
            lists.values_of,
            circles=lists.CIRCLES,
            heading=_l("Write to the invitees"),
        ),
    ),
    matters=(
        Matter(
            "events",
            _l("Events to come"),
            Event,
            Event.owner_id,
            lambda: Event.state == EventState.PLANNED,
            Event.title,
            endpoint="events.show",
            listed=lambda user_id: url_if("events.index", **{"owner.in": user_id, "state.in": "planned"}),
        ),
    ),
    movers=(
        Mover(Invitee.__tablename__, _l("Invitations to events"), distinct=("event_id",), anchor="events"),
        Mover(Invitee.__tablename__, _l("Invitations to events"), "contact_id", of=PEOPLE),
    ),
    retention=(
        Retention(
            "event_people",
            _l("Who was meant to come to events"),
            _l(
                "Counted from the end of the event: who was meant to come is deleted, and so are the notes "
                "on the event and its invitees. Which employers were invited and how many people came stay."
            ),
            queries.people_over,
            services.forget_meant,
            least=1,
        ),
    ),
    schedule=(DailyAt("06:05", ask_for_attendance),),
    timeline_kinds=(
        TimelineKind(TOLD, _l("Event with invitees"), "calendar-event", Permission.VIEW),
        TimelineKind(CAME, _l("Attended an event"), "calendar-check", Permission.VIEW, contact=True),
    ),
)
