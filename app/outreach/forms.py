"""The form of a visit: quick on a phone, because it is filled in at the employer's door."""

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    DateTimeLocalField,
    Field,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from app.core.clock import SHANGHAI, local, now, today
from app.core.forms.choices import offered
from app.core.rules.workdays import add_working_days
from app.employers.models import ROLE_LABELS, ContactRole, Employer
from app.outreach.models import (
    KIND_LABELS,
    MODE_LABELS,
    OUTCOME_LABELS,
    TOPIC_LABELS,
    Outcome,
    ServiceMode,
    Visit,
    VisitKind,
)
from app.outreach.services import TOLERANCE, Account

SOMEBODY_ELSE = 0
#: working days that a next step is given unless told otherwise
NEXT_STEP_DAYS = 3


def _choices(labels: Any) -> list[tuple[str, Any]]:
    return [(key.value, label) for key, label in labels.items()]


class VisitForm(FlaskForm):  # type: ignore[misc]
    kind = RadioField(_l("Kind"), choices=offered(_choices(KIND_LABELS)), default=VisitKind.VISIT.value)
    at = DateTimeLocalField(_l("When"), validators=[InputRequired()])
    contact_id = SelectField(_l("Met"), coerce=int)
    met_name = StringField(_l("Name of the person met"), validators=[Optional(), Length(max=120)])
    met_role = SelectField(_l("Role of the person met"), choices=offered([("", "—"), *_choices(ROLE_LABELS)]))
    topics = SelectMultipleField(_l("Topics"), choices=offered(TOPIC_LABELS))
    outcome = RadioField(_l("Outcome"), [InputRequired()], choices=offered(_choices(OUTCOME_LABELS)))
    summary = TextAreaField(_l("What was said"), validators=[Optional(), Length(max=4000)])
    next_step = StringField(_l("Next step"), validators=[Optional(), Length(max=255)])
    next_due_on = DateField(_l("Due on"), validators=[Optional()])
    service_mode = SelectField(_l("Special service"), choices=offered([("", "—"), *_choices(MODE_LABELS)]))

    def offer(self, employer: Employer) -> None:
        """The employer's present people to choose from; the handler first, as usually met."""
        links = [link for link in employer.contacts if link.until is None]
        links.sort(key=lambda link: (link.role is not ContactRole.HANDLER, link.id))
        self.contact_id.choices = offered(
            [
                *((link.contact_id, f"{link.contact.name}（{ROLE_LABELS[link.role]}）") for link in links),
                (SOMEBODY_ELSE, _("Somebody else")),
            ]
        )

    def prefill(self, visit: Visit | None = None) -> None:
        """Sensible defaults for a new account, or what an earlier one says."""
        if visit is None:
            self.at.data = local(now()).replace(tzinfo=None, second=0, microsecond=0)
            first: Any = self.contact_id.choices
            self.contact_id.data = first[0].value
            self.next_due_on.data = add_working_days(today(), NEXT_STEP_DAYS, provisional=True)
            return
        for name in ("met_name", "summary", "next_step", "next_due_on", "topics"):
            self[name].data = getattr(visit, name)
        self.at.data = local(visit.at).replace(tzinfo=None)
        self.contact_id.data = visit.contact_id or SOMEBODY_ELSE
        for name in ("kind", "outcome", "met_role", "service_mode"):
            value = getattr(visit, name)
            self[name].data = value.value if value else ""

    def validate_at(self, field: Field) -> None:
        if field.data and field.data.replace(tzinfo=SHANGHAI) > now() + TOLERANCE:
            raise ValidationError(_("The time lies in the future: log a visit after it took place."))

    def validate_next_due_on(self, field: Field) -> None:
        if self.next_step.data and field.data and field.data < today():
            raise ValidationError(_("The due date lies in the past: choose today or later."))

    @property
    def account(self) -> Account:
        """Only of a valid form."""
        when: datetime = self.at.data or datetime.now()  # noqa: DTZ005 - the page speaks Shanghai time
        return Account(
            kind=VisitKind(self.kind.data),
            at=when.replace(tzinfo=SHANGHAI),
            outcome=Outcome(self.outcome.data),
            summary=self.summary.data or "",
            topics=tuple(self.topics.data or ()),
            contact_id=self.contact_id.data or None,
            met_name=self.met_name.data or "",
            met_role=ContactRole(self.met_role.data) if self.met_role.data else None,
            next_step=self.next_step.data or "",
            next_due_on=self.next_due_on.data,
            service_mode=ServiceMode(self.service_mode.data) if self.service_mode.data else None,
        )
