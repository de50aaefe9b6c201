"""What people enter about scripts."""

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    RadioField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app.core.clock import today
from app.core.forms.choices import offered
from app.outreach.models import TOPIC_LABELS
from app.outreach.talking.models import SCRIPT_LABELS, ScriptKind
from app.outreach.talking.queries import basis_codes
from app.outreach.talking.services import Wording


def _ticks(label: Any, choices: Any = ()) -> SelectMultipleField:
    """Several choices as boxes to tick."""
    return SelectMultipleField(
        label, choices=choices, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )


class VersionForm(FlaskForm):  # type: ignore[misc]
    text = TextAreaField(_l("What to say"), [InputRequired(), Length(min=5, max=8000)])
    bases = _ticks(_l("Legal basis"))
    valid_from = DateField(_l("Holds from"), [InputRequired()], default=today)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bases.choices = offered(basis_codes())

    @property
    def wording(self) -> Wording:
        """Only of a valid form."""
        return Wording(self.text.data or "", self.bases.data or (), self.valid_from.data or today())


class ScriptForm(VersionForm):
    kind = RadioField(
        _l("Kind"), choices=offered(SCRIPT_LABELS), coerce=ScriptKind, default=ScriptKind.ANSWER
    )
    title = StringField(_l("Objection or title"), [InputRequired(), Length(2, 200)])
    situations = _ticks(_l("Offered when it is about"), offered(TOPIC_LABELS))


class SituationForm(FlaskForm):  # type: ignore[misc]
    situations = _ticks(_l("Offered when it is about"), offered(TOPIC_LABELS))
    retired = BooleanField(_l("No longer offered"))


class RehearsalForm(FlaskForm):  # type: ignore[misc]
    held_on = DateField(_l("Held on"), [InputRequired()], default=today)
    participants = StringField(_l("Who took part"), [InputRequired(), Length(2, 300)])
    findings = TextAreaField(_l("What is to be better"), [Optional(), Length(max=2000)])

    @property
    def day(self) -> date:
        """Only of a valid form."""
        return self.held_on.data or today()
