"""What people enter of events and invitees."""

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.core.clock import SHANGHAI, local
from app.core.criteria import segments
from app.core.forms.choices import offered
from app.core.forms.code_forms import CodedField
from app.core.permissions import Actor
from app.employers.lists import LIST
from app.employers.models import ROLE_LABELS
from app.outreach.events.models import Invitee
from app.outreach.events.models import OutreachEvent as Event
from app.outreach.events.policy import KINDS, MOST_PERSONS
from app.outreach.events.services import Plan, owners

#: whoever the employer sends
ANYBODY = 0
#: the steps that one tap takes
TAPS = ("accept", "decline", "attend", "miss", "excuse", "set_back")


class EventForm(FlaskForm):  # type: ignore[misc]
    title = StringField(_l("What the event is called"), [InputRequired(), Length(max=120)])
    kind = CodedField(_l("Kind of event"), KINDS, validators=[InputRequired()])
    place = StringField(_l("Venue"), [InputRequired(), Length(max=200)])
    starts_at = DateTimeLocalField(_l("Begins"), [InputRequired()])
    ends_at = DateTimeLocalField(_l("Ends"), [InputRequired()])
    owner_id = SelectField(_l("Person in charge of the event"), coerce=int)
    capacity = IntegerField(
        _l("Places"), [Optional(), NumberRange(1, 99_999)],
        description=_l("How many employers there is room for; empty: no limit."),
    )  # fmt: skip
    notes = TextAreaField(_l("Remarks"), [Optional(), Length(max=4000)])

    def offer(self, event: Event | None, actor: Actor) -> None:
        """The colleagues who may be in charge; whoever is stays among them."""
        pairs = {one.id: one.name for one in owners(event, actor)}
        if event is not None:
            pairs = {event.owner_id: event.owner.name, **pairs}
        self.owner_id.choices = offered(pairs)
        if self.is_submitted():
            return
        if event is None:
            self.owner_id.data = actor.id
            return
        for name in ("title", "kind", "place", "owner_id", "capacity", "notes"):
            self[name].data = getattr(event, name)
        self.starts_at.data = local(event.starts_at).replace(tzinfo=None)
        self.ends_at.data = local(event.ends_at).replace(tzinfo=None)

    @property
    def plan(self) -> Plan:
        """Only of a valid form."""
        begins: Any = self.starts_at.data
        ends: Any = self.ends_at.data
        return Plan(
            title=self.title.data or "", kind=self.kind.data or "", place=self.place.data or "",
            starts_at=_zoned(begins), ends_at=_zoned(ends), owner_id=self.owner_id.data,
            capacity=self.capacity.data, notes=self.notes.data or "",
        )  # fmt: skip


def _zoned(typed: datetime) -> datetime:
    """A time as typed, which is the department's own."""
    return typed.replace(tzinfo=SHANGHAI)


class SegmentForm(FlaskForm):  # type: ignore[misc]
    segment_id = SelectField(_l("Segment"), [InputRequired()], coerce=int)

    def offer(self, actor: Actor) -> None:
        self.segment_id.choices = offered((one.id, one.name) for one in segments.listed(LIST, actor))


class MeantForm(FlaskForm):  # type: ignore[misc]
    contact_id = SelectField(_l("Who is meant to come"), coerce=int)
    note = StringField(_l("Note"), [Optional(), Length(max=200)])

    def offer(self, invitee: Invitee) -> None:
        """The employer's present people."""
        links = [link for link in invitee.employer.contacts if link.until is None]
        pairs = {link.contact_id: f"{link.contact.name}（{ROLE_LABELS[link.role]}）" for link in links}
        if invitee.contact is not None:
            pairs = {invitee.contact.id: invitee.contact.name, **pairs}
        self.contact_id.choices = offered({ANYBODY: _("Whoever the employer sends"), **pairs})
        if not self.is_submitted():
            self.contact_id.data, self.note.data = invitee.contact_id or ANYBODY, invitee.note


class TapForm(FlaskForm):  # type: ignore[misc]
    """What one tap says of an invitee: the step, and of who came how many people."""

    step = SelectField(choices=offered(dict.fromkeys(TAPS, "")))
    persons = IntegerField(validators=[Optional(), NumberRange(1, MOST_PERSONS)])
