"""What people enter while an account is being closed."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.core.clock import today
from app.core.forms.choices import offered
from app.core.forms.code_forms import CodedField
from app.employers.forms import not_in_the_future
from app.lifecycle.closing.models import PLACEMENT_LABELS, Closing, PlacementKind
from app.lifecycle.closing.placing.services import Going
from app.lifecycle.closing.services import Event

#: no employer has more people, and no column holds more
MOST = 10_000_000


class EventForm(FlaskForm):  # type: ignore[misc]
    reason = CodedField(_l("Why it is closed"), "closing_reason", validators=[InputRequired()])
    event_on = DateField(
        _l("Day of the event"), [Optional(), not_in_the_future],
        description=_l(
            "The day of the revocation, deregistration, dissolution or ruling: "
            "the term of the law runs from it."
        ),
    )  # fmt: skip
    event_source = CodedField(_l("Who says so"), "fact_source", validators=[Optional()])
    event_document = StringField(_l("Document with number and date"), [Optional(), Length(max=200)])
    people = IntegerField(
        _l("Employees' accounts when it began"), [Optional(), NumberRange(0, MOST)],
        description=_l(
            "Contributing and sealed ones: each must be transferred, paid out or centrally sealed."
        ),
    )  # fmt: skip

    def prefill(self, closing: Closing) -> None:
        for name in ("event_on", "event_document", "people"):
            self[name].data = getattr(closing, name)

    @property
    def event(self) -> Event:
        return Event(
            self.reason.data, self.event_on.data, self.event_source.data, self.event_document.data or "",
            self.people.data,
        )  # fmt: skip


def _heads() -> IntegerField:
    return IntegerField(_l("Employees"), [InputRequired(), NumberRange(1, MOST)])


class PlacementForm(FlaskForm):  # type: ignore[misc]
    kind = SelectField(
        _l("Where they went"),
        choices=offered(
            (one, label) for one, label in PLACEMENT_LABELS.items() if one is not PlacementKind.SEALED
        ),
        coerce=PlacementKind,
    )
    heads = _heads()
    on = DateField(_l("On the day"), [InputRequired(), not_in_the_future], default=today)
    destination = StringField(_l("To which employer or centre"), [Optional(), Length(max=255)])
    proof = StringField(_l("Document with number and date"), [InputRequired(), Length(max=200)])

    @property
    def going(self) -> Going:
        """Only of a valid form."""
        on: Any = self.on.data
        return Going(
            self.kind.data, self.heads.data or 0, on, self.destination.data or "", self.proof.data or ""
        )


class SealingForm(FlaskForm):  # type: ignore[misc]
    heads = _heads()
    grounds = TextAreaField(
        _l("Why no employer takes them"), [InputRequired(), Length(max=500)],
        description=_l("And how that was found out: who was asked, by whom, on which day."),
    )  # fmt: skip
