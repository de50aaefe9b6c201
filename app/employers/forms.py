"""What people enter about employers and their contacts."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, cast

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    Field,
    Form,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.utils import unset_value
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp, ValidationError

from app.accounts.models import User
from app.core.clock import today
from app.core.forms.choices import offered
from app.core.forms.code_forms import CodedField
from app.core.forms.decimals import Places
from app.core.language.i18n import translated
from app.core.language.text import clean, is_landline
from app.core.rules.identifiers import credit_code, document_number, mobile
from app.core.sheets.cells import REASONS, CellError
from app.employers.areas.queries import offered_areas
from app.employers.models import SOURCE_LABELS, Employer

EMAIL = r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$"


def _blank_is_none(value: str | None) -> str | None:
    return (clean(value) if value else None) or None


def _parsed(field: Field, parse: Callable[[str], str]) -> None:
    """Writes the field in its proper form; what is wrong with it is said as in an import."""
    try:
        field.data = parse(field.data)
    except CellError as error:
        raise ValidationError(
            _("This %(what)s.", what=str(REASONS[error.code]) % {"value": field.data, **error.params})
        ) from None


def valid_code(_form: Form, field: Field) -> None:
    _parsed(field, credit_code)


def valid_mobile(_form: Form, field: Field) -> None:
    _parsed(field, mobile)


def valid_document_number(form: Form, field: Field) -> None:
    """For a form that asks for `id_type` beside the number."""
    _parsed(field, lambda written: document_number(written, form["id_type"].data))


def valid_landline(_form: Form, field: Field) -> None:
    if not is_landline(field.data):
        raise ValidationError(_("This is not a telephone number such as 022-66271234."))


def not_in_the_future(_form: Form, field: Field) -> None:
    if field.data and field.data > today():
        raise ValidationError(_("This date lies in the future."))


class AreaField(SelectField):
    """Offers the areas in use, and the one that the record is in already."""

    def __init__(self, label: Any, **more: Any) -> None:
        super().__init__(label, choices=[], coerce=_id_or_none, **more)

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        kept = data if isinstance(data, int) else None
        self.choices = offered([("", "—"), *offered_areas(kept)])
        super().process(formdata, data, extra_filters)


def _id_or_none(value: Any) -> int | None:
    return int(value) if value else None


def _text(label: Any, limit: int, *validators: Any) -> StringField:
    return StringField(
        label, filters=[_blank_is_none], validators=[Optional(), Length(max=limit), *validators]
    )


class EmployerForm(FlaskForm):  # type: ignore[misc]
    """The facts that people may correct; what the statement brings is not among them."""

    uscc = _text(_l("Unified social credit code"), 40, valid_code)
    established_on = DateField(_l("Established on"), validators=[Optional(), not_in_the_future])
    registry_type = _text(_l("Registry type"), 60)
    unit_type = CodedField(_l("Unit type"), "unit_type")
    economic_type = CodedField(_l("Economic type"), "economic_type")
    industry = CodedField(_l("Industry"), "industry")
    affiliation = CodedField(_l("Affiliation"), "affiliation")
    operating_status = CodedField(_l("Operating status"), "operating_status")
    operating_status_source = CodedField(_l("Operating status: source"), "fact_source")
    operating_status_as_of = DateField(
        _l("Operating status: as of"), validators=[Optional(), not_in_the_future]
    )
    registered_capital = _text(_l("Registered capital"), 60)
    area = _text(_l("Street or town"), 60)
    area_id = AreaField(_l("Place in the tree of areas"))
    address = _text(_l("Address"), 255)
    postal_code = _text(_l("Postal code"), 6, Regexp(r"^\d{6}$", message=_l("A postal code has six digits.")))
    email = _text(_l("E-mail"), 120, Regexp(EMAIL, message=_l("This is not an e-mail address.")))
    insured_heads = IntegerField(_l("Insured employees"), validators=[Optional(), NumberRange(0, 9_999_999)])
    insured_source = CodedField(_l("Insured employees: source"), "fact_source")
    insured_as_of = DateField(_l("Insured employees: as of"), validators=[Optional(), not_in_the_future])
    bank_code = CodedField(_l("Entrusted bank"), "bank")
    bank_name = _text(_l("Office of the entrusted bank"), 255)
    pay_day = IntegerField(_l("Pay day of the month"), validators=[Optional(), NumberRange(1, 31)])
    business_scope = TextAreaField(
        _l("Business scope"), filters=[_blank_is_none], validators=[Optional(), Length(max=5000)]
    )
    eligible = BooleanField(_l("Is obliged to contribute"), default=True)
    ineligible_reason = StringField(
        _l("Why it is not obliged"), filters=[_blank_is_none], validators=[Length(max=200)]
    )

    def validate_ineligible_reason(self, field: Field) -> None:
        if self.eligible.data:
            field.data = None
        elif not field.data:
            raise ValidationError(_("Say why the employer is not obliged to contribute."))

    @property
    def values(self) -> dict[str, Any]:
        """The facts, by column."""
        extra = {"csrf_token", "version", "despite_name"}
        return {field.name: field.data for field in self if field.name not in extra}


class NewEmployerForm(EmployerForm):
    name = StringField(_l("Name"), filters=[_blank_is_none], validators=[InputRequired(), Length(2, 255)])
    source = SelectField(_l("Source"), choices=offered(SOURCE_LABELS), default="tip")
    despite_name = BooleanField(_l("This is a different employer of the same name"))


class EditEmployerForm(EmployerForm):
    """With the facts of an account that the monthly statement does not bring."""

    version = HiddenField()
    account_balance = DecimalField(
        _l("Account balance (yuan)"), places=2, validators=[Optional(), Places(2), NumberRange(0, 10**13)]
    )
    account_closed_on = DateField(_l("Account closed on"), validators=[Optional(), not_in_the_future])
    account_closing_reason = CodedField(_l("Reason for closing the account"), "closing_reason")

    def validate_account_closing_reason(self, field: Field) -> None:
        if field.data and not self.account_closed_on.data:
            raise ValidationError(_("Give the day on which the account was closed as well."))

    def keep_msgid(self, employer: Employer) -> None:
        """An import's reason is a msgid: shown in the reader's words, and left alone when not changed."""
        stored, field = employer.ineligible_reason, self.ineligible_reason
        if stored and not self.is_submitted():
            field.data = translated(stored)
        elif stored and field.data == translated(stored):
            field.data = stored


def _proof() -> StringField:
    return StringField(
        _l("Proof"),
        filters=[_blank_is_none],
        validators=[Optional(), Length(max=255)],
        description=_l("The document with its number and date, such as a notice of approved change."),
    )


class RenameForm(FlaskForm):  # type: ignore[misc]
    name = StringField(_l("New name"), filters=[_blank_is_none], validators=[InputRequired(), Length(2, 255)])
    until = DateField(
        _l("Last day of the old name"), default=today, validators=[InputRequired(), not_in_the_future]
    )
    proof = _proof()

    @property
    def day(self) -> date:
        """Only of a valid form."""
        return cast(date, self.until.data)


class FormerNameForm(FlaskForm):  # type: ignore[misc]
    name = StringField(
        _l("Former name"), filters=[_blank_is_none], validators=[InputRequired(), Length(2, 255)]
    )
    until = DateField(_l("Last day of the old name"), validators=[Optional(), not_in_the_future])
    proof = _proof()


class AssignForm(FlaskForm):  # type: ignore[misc]
    owner_id = SelectField(_l("Owner"), coerce=int)
    backup_owner_id = SelectField(_l("Backup owner"), coerce=int)

    def offer(self, users: Sequence[User], employer: Employer) -> None:
        choices = [(0, "—"), *((user.id, user.name) for user in users)]
        self.owner_id.choices = self.backup_owner_id.choices = offered(choices)
        if not self.is_submitted():
            self.owner_id.data = employer.owner_id or 0
            self.backup_owner_id.data = employer.backup_owner_id or 0
