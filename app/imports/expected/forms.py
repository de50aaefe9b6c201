"""What is asked of a file that is expected."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.accounts.lists import branch_choices, user_choices
from app.core.criteria.fields import ME
from app.core.forms.choices import offered
from app.core.permissions import Actor
from app.imports.expected.models import RHYTHM_LABELS, ImportExpectation, Rhythm
from app.imports.queries import specs_for


class ExpectationForm(FlaskForm):  # type: ignore[misc]
    spec = SelectField(_l("Kind"))
    source = StringField(
        _l("Files from"),
        [Optional(), Length(max=80)],
        description=_l("Who sends it, such as a bank's branch; empty: whoever sends it."),
    )
    rhythm = RadioField(
        _l("How often"), choices=offered(RHYTHM_LABELS), coerce=Rhythm, default=Rhythm.MONTHLY
    )
    month = IntegerField(
        _l("Month"), [Optional(), NumberRange(1, 12)], description=_l("Of a yearly file: 1 to 12.")
    )
    day = IntegerField(_l("By day"), [InputRequired(), NumberRange(1, 31)], default=5)
    workdays_only = BooleanField(_l("Count working days only"))
    lag = SelectField(
        _l("Which file"),
        choices=offered([("1", _l("of the month (year) before")), ("0", _l("of the same month (year)"))]),
    )
    branch_id = SelectField(_l("Branch"), coerce=int)
    owner_id = SelectField(
        _l("Who sees to it"),
        coerce=lambda value: int(value) if value else None,
        description=_l("Gets the task when the file is missing; without one, the branch does."),
    )

    def offer(self, actor: Actor) -> None:
        """The kinds, branches and colleagues to choose from."""
        kinds = [(spec.name, spec.title) for spec in specs_for(actor) if not spec.administrative]
        mates = [(str(actor.id) if value == ME else value, name) for value, name in user_choices(actor)]
        self.spec.choices = offered(kinds)
        self.branch_id.choices = offered(branch_choices(actor))
        self.owner_id.choices = offered([("", "—"), *mates])

    def show(self, expected: ImportExpectation) -> None:
        self.process(obj=expected)
        self.lag.data = str(expected.lag)

    @property
    def values(self) -> dict[str, Any]:
        plain = ("spec", "rhythm", "month", "day", "workdays_only", "branch_id", "owner_id")
        return {
            **{name: self[name].data for name in plain},
            "source": self.source.data or "",
            "lag": int(self.lag.data),
        }
