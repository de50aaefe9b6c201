"""Forms of rosters: making one, what an employer answered, and what was done."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from app.core.clock import today
from app.core.criteria import segments
from app.core.criteria.segments import Segment
from app.core.forms.choices import offered
from app.core.permissions import Actor
from app.core.rules.workdays import add_working_days
from app.employers.lists import LIST
from app.relief.policy import SURVEY_DAYS
from app.relief.roster.models import INTENT_LABELS, Intent

NONE = 0


class RosterForm(FlaskForm):  # type: ignore[misc]
    title = StringField(_l("Name of the roster"), [InputRequired(), Length(max=120)])
    due_on = DateField(_l("To be surveyed by"), [InputRequired()])
    segment_id = SelectField(
        _l("From a segment"), coerce=int,
        description=_l("Or leave it open, and add employers from their list by “Add to a roster”."),
    )  # fmt: skip

    def offer(self, actor: Actor) -> None:
        saved = [(one.id, one.name) for one in segments.listed(LIST, actor)]
        self.segment_id.choices = offered([(NONE, _("No segment")), *saved])
        if not self.is_submitted():
            self.due_on.data = add_working_days(today(), SURVEY_DAYS.value(), provisional=True)

    def segment(self, actor: Actor) -> Segment | None:
        """Only of a valid form."""
        return segments.get(self.segment_id.data, actor, LIST) if self.segment_id.data else None


class LineForm(FlaskForm):  # type: ignore[misc]
    intent = RadioField(
        _l("What it intends"),
        [InputRequired()],
        choices=offered([(one.value, label) for one, label in INTENT_LABELS.items()]),
    )
    note = StringField(_l("What it said"), [Optional(), Length(max=255)])
    handled_how = TextAreaField(
        _l("What was done for it"), [Optional(), Length(max=255)],
        description=_l("Fill this in when the matter is handled."),
    )  # fmt: skip

    @property
    def answer(self) -> Intent:
        """Only of a valid form."""
        return Intent(self.intent.data)
