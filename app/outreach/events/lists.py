"""The lists of events and of an event's invitees, and what events say to lists of employers and segments."""

from collections.abc import Callable
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload
from wtforms import SelectField
from wtforms.validators import InputRequired

from app.accounts.lists import branch_field, user_field
from app.accounts.models import Branch
from app.accounts.queries import name_of
from app.core.clock import local
from app.core.code_tables import code_field, label
from app.core.criteria.trees import Field, Kind, choices_of, rule
from app.core.features import Kpi
from app.core.forms.choices import offered
from app.core.language import formats
from app.core.links import url_if
from app.core.listing.page import BulkAction, Column, Empty, Link, ListPage, Quick
from app.core.periods import Period
from app.core.permissions import Actor, current_actor
from app.core.sendable import Circle
from app.core.workflow.engine import Workflow
from app.employers.lists import actions_on
from app.employers.models import Contact, Employer
from app.employers.policy import Permission as EmployerPermission
from app.employers.search.queries import matching
from app.outreach.events import queries, services
from app.outreach.events.models import AWAITED, RECORDED, EventState, Invitee, InviteeState
from app.outreach.events.models import OutreachEvent as Event
from app.outreach.events.policy import KINDS, Permission
from app.outreach.events.workflow import EVENT, INVITATION


def _badge(workflow: Workflow[Any]) -> Callable[[Any], tuple[Any, str]]:
    def badge(record: Any) -> tuple[Any, str]:
        state = workflow.state_of(record)
        return state.label, state.tone.value

    return badge


def _labels(workflow: Workflow[Any]) -> Any:
    return choices_of({state.name: state.label for state in workflow.states})


# Events ---------------------------------------------------------------------------------------------------


def _events(actor: Actor | None) -> Any:
    """Each with how many are invited, how many came, and how many people."""
    counts = (queries.INVITED.label("invited"), queries.ATTENDED.label("attended"))
    return queries.listed(actor).add_columns(*counts, queries.PERSONS.label("persons"))


EVENTS = ListPage(
    name="events",
    endpoint="events.index",
    title=_l("Events"),
    lead=_l("Briefings, trainings, open days and the like: who is invited, and who came."),
    select=_events,
    key=Event.id,
    default_sort="-starts_at",
    search=lambda words: Event.title.contains(words, autoescape=True)
    | Event.place.contains(words, autoescape=True),
    search_hint=_l("Title or place"),
    fields=(
        Field("title", _l("Event with invitees"), Kind.TEXT, Event.title),
        code_field("kind", _l("Kind of event"), KINDS, Event.kind),
        Field("state", _l("State"), Kind.CHOICE, Event.state, choices=_labels(EVENT)),
        Field("starts_at", _l("Begins"), Kind.MOMENT, Event.starts_at),
        user_field("owner", _l("Person in charge of the event"), Event.owner_id),
        branch_field("branch", _l("Branch"), Event.branch_id),
    ),
    columns=(
        Column(
            "title", _l("Event with invitees"), lambda row: row[0].title, sort=Event.title,
            link=lambda row: url_for("events.show", id=row[0].id),
        ),
        Column("kind", _l("Kind of event"), lambda row: label(KINDS, row[0].kind), sort=Event.kind),
        Column(
            "starts_at", _l("Begins"), lambda row: row[0].starts_at, sort=Event.starts_at, falling=True
        ),
        Column("place", _l("Venue"), lambda row: row[0].place, sort=Event.place),
        Column("state", _l("State"), badge=lambda row: _badge(EVENT)(row[0]), sort=Event.state),
        Column(
            "invited", _l("Employers invited"), sort=queries.INVITED, falling=True, number=True,
            link=lambda row: url_for("events.invitees", id=row[0].id),
        ),
        Column(
            "attended", _l("Employers that came"), sort=queries.ATTENDED, falling=True, number=True,
            link=lambda row: url_if("events.invitees", id=row[0].id, **{"state.in": "attended"}),
        ),
        Column("persons", _l("People that came"), sort=queries.PERSONS, falling=True, number=True),
        Column(
            "owner", _l("Person in charge of the event"), lambda row: row[0].owner.name,
            options=(name_of(Event.owner),),
        ),
        Column(
            "branch", _l("Branch"), lambda row: row[0].branch.name, shown=False,
            options=(joinedload(Event.branch).load_only(Branch.id, Branch.name),),
        ),
        Column("capacity", _l("Places"), lambda row: row[0].capacity, sort=Event.capacity, shown=False),
        Column("ends_at", _l("Ends"), lambda row: row[0].ends_at, sort=Event.ends_at, shown=False),
    ),
    quick=(
        Quick("planned", _l("Planned"), (rule("state", "in", ["planned"]),)),
        Quick("mine", _l("Mine"), (rule("owner", "is_me"),)),
        Quick("held", _l("Held"), (rule("state", "in", ["held"]),)),
    ),
    links=(Link(_l("Plan an event"), "events.new", Permission.PLAN, "plus-lg", "primary"),),
    empty=Empty(
        _l("No events yet"), _l("Plan the first one, then invite employers from their list or a segment."),
        _l("Plan an event"), "events.new", "calendar-event",
    ),
    export_permission=EmployerPermission.EXPORT,
)  # fmt: skip


# Invitees -------------------------------------------------------------------------------------------------

_of = Employer.id == Invitee.employer_id


def _of_employer(column: Any) -> Any:
    return select(column).where(_of).correlate(Invitee).scalar_subquery()


_name, _owner, _stage, _area = map(
    _of_employer, (Employer.name, Employer.owner_id, Employer.stage, Employer.area)
)


def _step(name: str) -> Any:
    def act(invitee: Invitee, actor: Actor, _form: FlaskForm) -> None:
        services.record(invitee, name, actor)

    return act


def _employer(invitee: Any) -> Employer:
    found: Employer = invitee.employer
    return found


INVITEES = ListPage(
    name="event_invitees",
    title=_l("Invitees"),
    select=queries.invitees,
    key=Invitee.id,
    default_sort="name",
    search=lambda words: Invitee.employer_id.in_(select(Employer.id).where(matching(words))),
    search_hint=_l("Employer's name, code or pinyin"),
    template="outreach/events/invitees.html",
    fields=(
        Field("state", _l("State"), Kind.CHOICE, Invitee.state, choices=_labels(INVITATION)),
        Field("invited_on", _l("Invited on"), Kind.DATE, Invitee.invited_on),
        Field("recorded_on", _l("Recorded on"), Kind.DATE, Invitee.recorded_on),
        Field("persons", _l("People that came"), Kind.NUMBER, Invitee.persons),
        user_field("owner", _l("Owner"), _owner),
        user_field("recorded_by", _l("Recorded by"), Invitee.recorded_by_id),
    ),
    columns=(
        Column(
            "name", _l("Employer name"), lambda row: row.employer.name, sort=_name,
            link=lambda row: url_for("events.invitee", id=row.id),
            options=(
                joinedload(Invitee.employer).load_only(
                    Employer.id, Employer.name, Employer.owner_id, Employer.branch_id
                ),
            ),
        ),
        Column("state", _l("State"), badge=_badge(INVITATION), sort=Invitee.state),
        Column("persons", _l("People that came"), sort=Invitee.persons, falling=True, number=True),
        Column(
            "contact", _l("Who is meant to come"),
            lambda row: row.contact.name if row.contact else None,
            options=(joinedload(Invitee.contact).load_only(Contact.id, Contact.name),),
        ),
        Column("recorded_on", _l("Recorded on"), sort=Invitee.recorded_on, falling=True),
        Column(
            "recorded_by", _l("Recorded by"),
            lambda row: row.recorded_by.name if row.recorded_by else None,
            options=(name_of(Invitee.recorded_by),),
        ),
        Column("note", _l("Note"), sort=Invitee.note),
        Column("invited_on", _l("Invited on"), sort=Invitee.invited_on, falling=True, shown=False),
    ),
    quick=(
        Quick("awaited", _l("Awaited"), (rule("state", "in", [one.value for one in AWAITED]),)),
        Quick("came", _l("Has come"), (rule("state", "in", ["attended"]),)),
        Quick("away", _l("Did not come"), (rule("state", "in", ["absent", "excused", "declined"]),)),
        Quick("mine", _l("My employers"), (rule("owner", "is_me"),)),
    ),
    bulk=(
        BulkAction(
            "accept", _l("Record that they will come"), Permission.PLAN, act=_step("accept"), icon="check2"
        ),
        BulkAction(
            "attend", _l("Record that they came"), Permission.PLAN, act=_step("attend"), icon="person-check",
            tone="secondary",
        ),
        BulkAction(
            "miss", _l("Record that nobody came"), Permission.PLAN, act=_step("miss"), icon="person-x",
            tone="secondary",
        ),
    ),
    more_bulk=lambda: actions_on(_employer, but={INVITE.name})(),
    empty=Empty(
        _l("Nobody is invited yet"),
        _l("Invite employers singly, from a saved segment, or from the list of employers."),
        icon="envelope",
    ),
    export_permission=EmployerPermission.EXPORT,
)  # fmt: skip


# What events bring to lists of employers ------------------------------------------------------------------


def _offer(event: Event, taken: int) -> str:
    """An event as it is chosen: its day, and how many places are left."""
    told = [formats.date(event.starts_at)]
    if event.capacity is not None:
        left = event.capacity - taken
        told.append(_("places left: %(number)s", number=left) if left > 0 else _("no places left"))
    return f"{event.title}（{'，'.join(told)}）"


class InviteForm(FlaskForm):  # type: ignore[misc]
    event_id = SelectField(_l("Event with invitees"), [InputRequired()], coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = queries.open_events(current_actor())
        taken = queries.seats_taken([one.id for one in known])
        self.event_id.choices = offered((one.id, _offer(one, taken.get(one.id, 0))) for one in known)


def _invite(employer: Employer, actor: Actor, form: FlaskForm) -> None:
    services.invite(services.open_event(form.event_id.data, actor), employer, actor)


def _open(answers: Any, actor: Actor) -> tuple[Any, str] | None:
    event = services.open_event(int((answers.get("event_id") or ["0"])[0]), actor)
    url = url_if("events.invitees", id=event.id)
    return (_l("Open the invitees"), url) if url else None


INVITE: BulkAction = BulkAction(
    "invite_to_event", _l("Invite to an event"), Permission.PLAN, act=_invite, form=InviteForm,
    icon="calendar-plus", tone="secondary", next_step=_open,
)  # fmt: skip


def _somewhere(*conditions: ColumnElement[bool]) -> Any:
    """Lifts a condition on an event, or on its invitee, to one on the employer."""

    def lifted(found: ColumnElement[bool]) -> ColumnElement[bool]:
        query = select(Invitee.id).join(Invitee.event).where(Invitee.employer_id == Employer.id, *conditions)
        return query.where(found).exists()

    return lifted


def _in_month(field: str) -> Callable[[Period], dict[str, Any]]:
    def tree(month: Period) -> dict[str, Any]:
        days = [month.first_day.isoformat(), month.last_day.isoformat()]
        return {"match": "all", "rules": [rule(field, "between", days)]}

    return tree


#: of the employers of which somebody recorded whether they came to an event of the month, those that came
ATTENDANCE = Kpi(
    "event_attendance", _l("Attendance at events"), _in_month("event_attended"), _in_month("event_expected"),
    order=95,
)  # fmt: skip
_GROUP = _l("Events")
FIELDS = (
    Field(
        "event_attended", _l("Attended an event"), Kind.EVENT, Event.starts_at, group=_GROUP,
        within=_somewhere(Invitee.state == InviteeState.ATTENDED),
    ),
    Field(
        "event_expected", _l("Came to an event, or was absent or excused"), Kind.EVENT, Event.starts_at,
        group=_GROUP, within=_somewhere(Invitee.state.in_(RECORDED)),
    ),
    Field("event_invited", _l("Invited to an event"), Kind.EVENT, Invitee.created_at, group=_GROUP,
          within=_somewhere()),
    Field(
        "event", _l("Event it is invited to"), Kind.RECORD, queries.belongs(), queries.choices, group=_GROUP
    ),
    Field(
        "event_awaited", _l("Event that awaits it"), Kind.RECORD, queries.belongs(*AWAITED),
        queries.choices, group=_GROUP,
    ),
    Field(
        "event_accepted", _l("Event it accepted"), Kind.RECORD, queries.belongs(InviteeState.ACCEPTED),
        queries.choices, group=_GROUP,
    ),
    Field(
        "event_came", _l("Event it attended"), Kind.RECORD, queries.belongs(InviteeState.ATTENDED),
        queries.choices, group=_GROUP,
    ),
    Field(
        "event_missed", _l("Event it did not come to"), Kind.RECORD,
        queries.belongs(InviteeState.ABSENT, InviteeState.EXCUSED, InviteeState.DECLINED), queries.choices,
        group=_GROUP,
    ),
)  # fmt: skip


# Whom campaigns write to, and what of the event their texts say ---------------------------------------------


def _named(field: str) -> Callable[[Event], dict[str, Any]]:
    return lambda event: {"match": "all", "rules": [rule(field, "in", [str(event.id)])]}


def _when(state: EventState) -> Callable[[Event], bool]:
    return lambda event: event.state is state


_PLANNED, _HELD = _when(EventState.PLANNED), _when(EventState.HELD)
CIRCLES = (
    Circle("invited", _l("All invitees"), _named("event"), "event_invitation", True, _PLANNED),
    Circle("awaited", _l("Awaited"), _named("event_awaited"), "event_reminder", fits=_PLANNED),
    Circle("accepted", _l("Will come"), _named("event_accepted"), "event_reminder", fits=_PLANNED),
    Circle("came", _l("Has come"), _named("event_came"), "event_thanks", fits=_HELD),
    Circle("missed", _l("Did not come"), _named("event_missed"), "event_missed", fits=_HELD),
    Circle(
        "called_off", _l("Awaited when it was cancelled"), _named("event_awaited"), "event_cancelled",
        fits=_when(EventState.CANCELLED),
    ),
)  # fmt: skip


def values_of(event: Event) -> dict[str, str]:
    """What wordings ask authors for, of an event."""
    begins = local(event.starts_at)
    time = f"{begins.month}月{begins.day}日{begins:%H:%M}"
    return {"event_title": event.title, "event_place": event.place, "event_time": time}
