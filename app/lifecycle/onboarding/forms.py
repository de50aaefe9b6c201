"""What people enter while an employer is taken on."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, Field, RadioField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from app.core.clock import today
from app.core.code_tables import codes, label
from app.core.forms.choices import offered
from app.core.forms.code_forms import CodedField
from app.employers.models import Employer
from app.lifecycle.onboarding.models import (
    SIGNING_LABELS,
    SIGNING_TABLES,
    BundleStep,
    SigningKind,
)
from app.lifecycle.onboarding.policy import BUNDLE


class BundleForm(FlaskForm):  # type: ignore[misc]
    """A tick and a day for each agency's matter; made by `bundle_form`."""

    items: tuple[str, ...]

    @property
    def done(self) -> dict[str, date]:
        return {code: self[f"on_{code}"].data or today() for code in self.items if self[f"done_{code}"].data}


def bundle_form(steps: Mapping[str, BundleStep], **given: Any) -> BundleForm:
    """A form with every matter, filled with what was ticked before; `given` as for the papers."""
    items = tuple(code for code, one in codes(BUNDLE).items() if one.valid_on(today()) or code in steps)
    fields: dict[str, Any] = {"items": items}
    for code in items:
        step = steps.get(code)
        fields[f"done_{code}"] = BooleanField(label(BUNDLE, code), default=step is not None)
        fields[f"on_{code}"] = DateField(_l("Done on"), [Optional()], default=step.done_on if step else None)
    form: BundleForm = type("BundleStepsForm", (BundleForm,), fields)(**given)
    return form


class MilestoneForm(FlaskForm):  # type: ignore[misc]
    accounts_on = DateField(_l("Employee accounts set up on"), [Optional()])
    employee_on = DateField(_l("First employee added on"), [Optional()])

    def prefill(self, employer: Employer) -> None:
        self.accounts_on.data = employer.employee_accounts_on
        self.employee_on.data = employer.first_employee_added_on


class SigningForm(FlaskForm):  # type: ignore[misc]
    kind = RadioField(
        _l("How it went"), [InputRequired()], choices=offered(SIGNING_LABELS), coerce=SigningKind,
        default=SigningKind.SIGNED,
    )  # fmt: skip
    on = DateField(_l("On the day"), [InputRequired()], default=today)
    signed = CodedField(_l("How it was signed"), "signing_method", validators=[Optional()])
    refused = CodedField(_l("Why it does not wish to sign"), "signing_refusal", validators=[Optional()])
    helped = CodedField(_l("How it was helped"), "help_channel", validators=[Optional()])
    note = TextAreaField(_l("Note"), [Optional(), Length(max=1000)])

    @property
    def day(self) -> date:
        """Only of a valid form."""
        return self.on.data or today()

    @property
    def code(self) -> str:
        """The answer that belongs to what happened."""
        return self[self.kind.data.value].data or ""

    def validate_kind(self, field: Field) -> None:
        if field.data in SIGNING_TABLES and not self.code:
            raise ValidationError(_("Say how, or why."))

    def validate_on(self, field: Field) -> None:
        if field.data and field.data > today():
            raise ValidationError(_("This date lies in the future."))
