"""What people enter of drives: starting one, the short outcome, people's results, other offices' words."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    DecimalField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app.core.clock import today
from app.core.criteria import segments
from app.core.criteria.sentences import sentence
from app.core.forms.choices import offered
from app.core.forms.decimals import Places
from app.core.permissions import Actor
from app.employers.forms import not_in_the_future, valid_mobile
from app.employers.lists import LIST, employer_fields
from app.employers.models import EmployerContact
from app.outreach.models import KIND_LABELS, VisitKind
from campaigns.channels.worklist import queries
from campaigns.channels.worklist.models import AGENCY_LABELS, Agency, DrivePerson, DriveRow
from campaigns.channels.worklist.policy import OUTCOMES, RESULTS, Follow, Ready
from campaigns.channels.worklist.services.starting import Wish
from campaigns.channels.worklist.services.telling import Told

#: choices of the audience that are no segment
AS_PROPOSED, ROSTER = "proposed", "roster"
WEEKS = 12
ACTIONS = {kind.value: KIND_LABELS[kind] for kind in (VisitKind.CALL, VisitKind.VISIT)}


def _ticks(label: Any, known: dict[str, Any], *validators: Any) -> SelectMultipleField:
    choices = offered([(code, one.label) for code, one in known.items()])
    return SelectMultipleField(
        label, validators, choices=choices, widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )  # fmt: skip


class StartForm(FlaskForm):  # type: ignore[misc]
    """Everything of a ready drive stands in it already."""

    name = StringField(_l("Name of the drive"), [InputRequired(), Length(2, 120)])
    purpose = TextAreaField(_l("What it is for"), [Optional(), Length(max=2000)])
    audience = SelectField(_l("Which employers"), [InputRequired()])
    action = RadioField(_l("To be done by"), choices=offered(ACTIONS))
    script_id = SelectField(_l("Script"), coerce=int)
    days = IntegerField(_l("Working days for each employer"), [InputRequired(), NumberRange(1, 250)])
    ends_on = DateField(_l("Last day of the drive"), [InputRequired()])
    #: asked only where some of them are still to be done in another drive
    also = RadioField(
        _l("Those that are still to be done in another drive"),
        [Optional()],
        choices=offered(
            [("0", _l("Leave them out until they are done there")), ("1", _l("Take them in too"))]
        ),
    )
    outcomes = _ticks(_l("Outcomes to choose from"), OUTCOMES, InputRequired())
    results = _ticks(_l("Results for people of a roster"), RESULTS)

    def offer(self, ready: Ready, actor: Actor) -> None:
        own = [(0, _l("The one that comes with this drive") if ready.script else _l("None"))]
        self.script_id.choices = offered([*own, *queries.scripts()])
        audience: list[tuple[str, Any]] = [(ROSTER, _l("Only whom a roster names (imported next)"))]
        if ready.tree is not None:
            audience.insert(0, (AS_PROPOSED, sentence(ready.tree, employer_fields())))
        found = [(str(one.id), one.name) for one in segments.listed(LIST, actor)]
        self.audience.choices = offered([*audience, *found])

    def prefill(self, ready: Ready, actor: Actor) -> None:
        self.name.data = (
            queries.free_name(f"{today().year}年{ready.name}", actor) if ready.code != "own" else ""
        )
        self.purpose.data = str(ready.purpose) if ready.code != "own" else ""
        self.action.data, self.days.data = ready.action.value, ready.days
        self.ends_on.data = today() + timedelta(weeks=WEEKS)
        self.outcomes.data, self.results.data = list(ready.outcomes), list(ready.results)

    def wish(self, ready: Ready, actor: Actor) -> Wish:
        """Only of a valid form. Raises NotFound for a segment that has gone."""
        chosen, tree = self.audience.data, None
        if chosen == AS_PROPOSED:
            tree = ready.tree
        elif chosen != ROSTER:
            tree = segments.get(int(chosen), actor, LIST).tree
        return Wish(
            kind=ready.code, name=self.name.data or "", ends_on=self.ends_on.data or today(),
            days=self.days.data or ready.days, outcomes=self.outcomes.data or (), tree=tree,
            purpose=self.purpose.data or "", action=VisitKind(self.action.data),
            results=self.results.data or (), script_id=self.script_id.data or None,
            also=None if self.also.data is None else self.also.data == "1",
        )  # fmt: skip


class ChangeForm(FlaskForm):  # type: ignore[misc]
    name = StringField(_l("Name of the drive"), [InputRequired(), Length(2, 120)])
    purpose = TextAreaField(_l("What it is for"), [Optional(), Length(max=2000)])
    script_id = SelectField(_l("Script"), coerce=int)
    ends_on = DateField(_l("Last day of the drive"), [InputRequired()])

    def offer(self) -> None:
        self.script_id.choices = offered([(0, _l("None")), *queries.scripts()])

    @property
    def given(self) -> tuple[str, str, date, int | None]:
        """Only of a valid form."""
        said = self.name.data or "", self.purpose.data or "", self.ends_on.data or today()
        return *said, self.script_id.data or None


class OutcomeForm(FlaskForm):  # type: ignore[misc]
    """Short enough to be filled in with the receiver in one hand."""

    outcome = RadioField(_l("Outcome"), [InputRequired()])
    action = RadioField(_l("How"), choices=offered(ACTIONS))
    contact_id = SelectField(_l("With whom"), coerce=int)
    mobile = StringField(
        _l("New mobile number of that person"), [Optional(), valid_mobile],
        description=_l("It is checked by a colleague before it replaces the old one."),
    )  # fmt: skip
    done = IntegerField(_l("Matters without a name that are done by now"), [Optional(), NumberRange(0)])
    amount = DecimalField(
        _l("Yuan that came of it so far"), [Optional(), Places(2), NumberRange(0)], places=2
    )
    note = TextAreaField(_l("What was said"), [Optional(), Length(max=1000)])
    next_on = DateField(
        _l("Go on by"), [Optional()],
        description=_l("Empty: the department's usual days for what the outcome asks for."),
    )  # fmt: skip

    def offer(self, row: DriveRow, links: Sequence[EmployerContact]) -> None:
        self.outcome.choices = offered([(code, OUTCOMES[code].label) for code in row.drive.outcomes])
        people = [(one.contact_id, one.contact.name) for one in links]
        self.contact_id.choices = offered([*people, (0, _l("Somebody else"))])
        if not row.unnamed:
            del self.done
        else:
            self.done.description = _(
                "Of %(number)s; all of them where everything is done.", number=row.unnamed
            )

    def prefill(self, row: DriveRow) -> None:
        wants_visit = row.outcome in OUTCOMES and OUTCOMES[row.outcome].follow is Follow.VISIT
        self.action.data = (VisitKind.VISIT if wants_visit else row.drive.action).value
        self.amount.data = row.amount
        if "done" in self:
            self.done.data = row.done

    @property
    def told(self) -> Told:
        """Only of a valid form."""
        return Told(
            outcome=self.outcome.data, action=VisitKind(self.action.data), note=self.note.data or "",
            done=self.done.data if "done" in self else None, amount=self.amount.data,
            contact_id=self.contact_id.data or None, mobile=self.mobile.data or "", next_on=self.next_on.data,
        )  # fmt: skip


class NoteForm(FlaskForm):  # type: ignore[misc]
    agency = SelectField(_l("Office"), choices=offered(AGENCY_LABELS), coerce=Agency)
    said_on = DateField(_l("Told us on"), [InputRequired(), not_in_the_future], default=today)
    note = TextAreaField(
        _l("What they told us"), [InputRequired(), Length(2, 1000)],
        description=_l("No ID numbers and no telephone numbers of people."),
    )  # fmt: skip

    @property
    def said(self) -> tuple[Agency, date, str]:
        """Only of a valid form."""
        return self.agency.data, self.said_on.data or today(), self.note.data or ""


class PeopleForm(FlaskForm):  # type: ignore[misc]
    """One field for each person, added by `people_form`."""

    rest = SelectField(_l("All others that are still open"))

    @property
    def given(self) -> dict[int, str]:
        """The results by the ids of people."""
        named = ((field.name.partition("_")[2], field.data) for field in self if field.name.startswith("p_"))
        return {int(id_): result for id_, result in named if result}


def people_form(row: DriveRow, people: Sequence[DrivePerson]) -> PeopleForm:
    choices = offered(
        [("", "…"), *((code, RESULTS[code].label) for code in row.drive.results if code in RESULTS)]
    )
    fields = {
        f"p_{one.id}": SelectField(one.name, choices=choices, default=one.result or "") for one in people
    }
    form: PeopleForm = type("PeopleOfRow", (PeopleForm,), fields)()
    form.rest.choices = choices
    return form
