"""The form of an application, and the smaller one whose answers an estimate is made of."""

from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    DecimalField,
    Field,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.core.clock import today
from app.core.forms.choices import offered
from app.core.forms.decimals import Places
from app.core.forms.month_field import PeriodField
from app.core.periods import Period
from app.employers.models import Employer
from app.relief.applications.models import (
    BODY_LABELS,
    DOCUMENTS,
    REQUEST_LABELS,
    ReliefApplication,
    Request,
    VoteBody,
)
from app.relief.applications.services import Draft
from app.relief.models import ReliefKind
from app.relief.policy import LONGEST, Effect, Rates, effect_of, present_base

MOST_HEADS, MOST_BASE = 1_000_000, 1_000_000
_NUMBER = [Optional(), NumberRange(0, MOST_HEADS)]


def _choices(labels: Any) -> list[tuple[str, Any]]:
    return [(key.value, label) for key, label in labels.items()]


def _rate(label: Any) -> DecimalField:
    return DecimalField(
        label, [Optional(), Places(2), NumberRange(0, 100)], places=2, description=_l("In per cent.")
    )


class ApplicationForm(FlaskForm):  # type: ignore[misc]
    request = RadioField(_l("Asked for"), [InputRequired()], choices=offered(_choices(REQUEST_LABELS)))
    from_month = PeriodField(_l("First month of relief"), [InputRequired()])
    to_month = PeriodField(_l("Last month of relief"), [InputRequired()])
    heads = IntegerField(_l("Employees"), [InputRequired(), NumberRange(1, MOST_HEADS)])
    base = DecimalField(
        _l("Average monthly base"), [InputRequired(), Places(2), NumberRange(1, MOST_BASE)], places=2
    )
    employer_rate = _rate(_l("Reduced employer rate"))
    employee_rate = _rate(_l("Reduced employee rate"))
    reason = TextAreaField(_l("Hardship"), [Optional(), Length(max=4000)])
    documents = SelectMultipleField(
        _l("Papers at hand"),
        choices=offered(DOCUMENTS),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    vote_body = SelectField(_l("Who voted"), choices=offered([("", "—"), *_choices(BODY_LABELS)]), default="")
    voted_on = DateField(_l("Voted on"), [Optional()])
    members = IntegerField(_l("Delegates or members in all"), _NUMBER)
    attended = IntegerField(_l("Attended"), _NUMBER)
    votes_for = IntegerField(_l("Votes for"), _NUMBER)
    votes_against = IntegerField(_l("Votes against"), _NUMBER)
    announced_from = DateField(_l("Announced from"), [Optional()])
    announced_to = DateField(_l("Announced until"), [Optional()])

    def prefill(self, employer: Employer, after: Period | None = None) -> None:
        """The next due month, or the one after relief to be renewed; facts of the latest statement."""
        start = (after or employer.paid_through or Period.of(today())) + 1
        self.request.data = Request.DEFERMENT.value
        self.from_month.data, self.to_month.data = start, start + (LONGEST.value() - 1)
        self.heads.data, self.base.data = employer.heads, present_base(employer)

    def show(self, application: ReliefApplication) -> None:
        """What the application says now; rates in per cent."""
        for field in self:
            if field.name != "csrf_token":
                field.data = getattr(application, field.name)
        self.request.data = application.request.value
        self.vote_body.data = application.vote_body.value if application.vote_body else ""
        for field in (self.employer_rate, self.employee_rate):
            field.data = field.data * 100 if field.data is not None else None

    def validate_voted_on(self, field: Field) -> None:
        if field.data and field.data > today():
            raise ValidationError(_("This date lies in the future."))

    @property
    def draft(self) -> Draft:
        """Only of a valid form."""
        values = {field.name: field.data for field in self if field.name != "csrf_token"}
        values["request"] = Request(values["request"])
        values["vote_body"] = VoteBody(values["vote_body"]) if values["vote_body"] else None
        values["reason"] = (values["reason"] or "").strip()
        for name in ("employer_rate", "employee_rate"):
            values[name] = _fraction(values[name])
        return Draft(values)

    def estimate(self, employer: Employer) -> Effect | None:
        """What the answers so far come to; None while one that it takes is missing or wrong."""
        taken = (self.request, self.from_month, self.to_month, self.heads, self.base)
        if not all(map(self._holds, (*taken, self.employer_rate, self.employee_rate))):
            return None
        first, last, heads, base = self.from_month.data, self.to_month.data, self.heads.data, self.base.data
        if first is None or last is None or not heads or not base or not self.request.data:
            return None
        request = Request(self.request.data)
        kinds = tuple(ReliefKind) if request is Request.BOTH else (ReliefKind(request.value),)
        return effect_of(
            kinds,
            last - first + 1,
            heads,
            base,
            Rates(employer.employer_rate, employer.employee_rate),
            Rates(_fraction(self.employer_rate.data), _fraction(self.employee_rate.data)),
        )

    def _holds(self, field: Field) -> bool:
        """Whether an answer is valid; what nobody typed is the application's own or a proposal."""
        return field.raw_data is None or bool(field.validate(self))


def _fraction(percent: Decimal | None) -> Decimal | None:
    return None if percent is None else percent / 100
