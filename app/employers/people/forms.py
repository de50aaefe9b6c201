"""What people enter about people."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, cast

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    DateField,
    Field,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
)
from wtforms.fields import SelectMultipleField
from wtforms.validators import InputRequired, Length, Optional, Regexp, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.core.clock import today
from app.core.forms.choices import offered
from app.core.forms.code_forms import CodedField
from app.core.importing.spec import Column, ImportSpec
from app.core.language import formats
from app.core.language.text import clean
from app.core.rules.identifiers import RESIDENT_CARD, credit_code, email, landline, mobile
from app.core.sheets.parsing import account_number, code, day, text
from app.employers.forms import EMAIL, not_in_the_future, valid_document_number, valid_landline, valid_mobile
from app.employers.merging.forms import Row
from app.employers.models import (
    CHANNEL_LABELS,
    ROLE_LABELS,
    VERIFIED_HOW_LABELS,
    Contact,
    ContactRole,
    EmployerContact,
    PreferredChannel,
    VerifiedHow,
)
from app.employers.people.policy import Permission
from app.employers.people.services import importing, weighing
from app.employers.people.services.editing import Person
from app.employers.people.services.merging import CHOSEN, versions_of
from app.employers.people.services.serving import Mandate


def _blank_is_none(value: str | None) -> str | None:
    return (clean(value) if value else None) or None


def _text(label: Any, limit: int, *validators: Any, help_text: Any = "") -> StringField:
    return StringField(
        label,
        filters=[_blank_is_none],
        validators=[Optional(), Length(max=limit), *validators],
        description=help_text,
    )


def _channel(value: Any) -> PreferredChannel | None:
    return PreferredChannel(value) if value and value != "None" else None


class PersonForm(FlaskForm):  # type: ignore[misc]
    name = StringField(
        _l("Full name"), filters=[_blank_is_none], validators=[InputRequired(), Length(2, 120)]
    )
    mobile = _text(_l("Mobile"), 40, valid_mobile)
    landline = _text(_l("Landline"), 30, valid_landline)
    email = _text(_l("E-mail"), 120, Regexp(EMAIL, message=_l("This is not an e-mail address.")))
    channel = SelectField(
        _l("Prefers"), choices=offered([("", "—"), *CHANNEL_LABELS.items()]), coerce=_channel
    )
    id_type = CodedField(_l("Type of identity document"), "id_type", default=RESIDENT_CARD)
    id_number = _text(
        _l("Number of the document"), 40, valid_document_number,
        help_text=_l("Only where it is needed, such as for an authorisation. It is kept sealed."),
    )  # fmt: skip
    another = BooleanField(_l("Somebody else has this number too"))

    @property
    def person(self) -> Person:
        return Person(
            self.name.data or "",
            self.mobile.data,
            self.landline.data,
            self.email.data,
            self.channel.data,
            self.id_number.data,
            self.id_type.data,
        )


class EditPersonForm(PersonForm):
    """An empty number stays as it is: the form does not show what only a logged act reveals."""

    no_landline = BooleanField(_l("Remove the landline number"))
    no_email = BooleanField(_l("Remove the e-mail address"))
    no_id_number = BooleanField(_l("Remove the ID number"))

    def prefill(self, contact: Contact) -> None:
        self.name.data, self.channel.data = contact.name, contact.preferred_channel
        self.id_type.data = contact.id_type or RESIDENT_CARD

    @property
    def forget(self) -> list[str]:
        return [name for name in ("landline", "email", "id_number") if self[f"no_{name}"].data]


class KnownPersonForm(PersonForm):
    """A person who takes up a role: typed, or chosen (`person_id`) among those whose number it is already."""

    person_id = IntegerField(validators=[Optional()])
    name = StringField(_l("Full name"), filters=[_blank_is_none], validators=[Length(max=120)])
    since = DateField(_l("Since"), default=today, validators=[InputRequired(), not_in_the_future])
    authorisation = _text(_l("Letter of authorisation"), 200, help_text=_l("Its name, number and date."))
    authorised_until = DateField(_l("Authorised until"), validators=[Optional()])

    def validate_name(self, field: Field) -> None:
        if self.person_id.data is None and len(field.data or "") < 2:
            raise ValidationError(_("Enter the person's name."))

    @property
    def mandate(self) -> Mandate:
        """Only of a valid form."""
        return Mandate(self.since.data or today(), self.authorisation.data, self.authorised_until.data)


class RoleForm(KnownPersonForm):
    role = SelectField(_l("Role"), choices=offered(ROLE_LABELS), coerce=ContactRole)


class HandoverForm(KnownPersonForm):
    """`leaving` are the ids of roles that end."""

    leaving = SelectMultipleField(
        _l("Who leaves"),
        coerce=int,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    letter = FileField(_l("Scan of the letter of authorisation"))

    def offer(self, handlers: Sequence[EmployerContact]) -> None:
        self.leaving.choices = offered([(link.id, link.contact.name) for link in handlers])
        if not self.is_submitted():
            self.leaving.data = [link.id for link in handlers]


#: that somebody confirmed a notice is known from the notice alone
_BY_HAND = {how: label for how, label in VERIFIED_HOW_LABELS.items() if how is not VerifiedHow.NOTICE}


class VerifyForm(FlaskForm):  # type: ignore[misc]
    how = SelectField(_l("How"), choices=offered(_BY_HAND), coerce=VerifiedHow)
    on = DateField(_l("Verified on"), default=today, validators=[InputRequired(), not_in_the_future])

    @property
    def day(self) -> date:
        """Only of a valid form."""
        return cast(date, self.on.data)


class DayForm(FlaskForm):  # type: ignore[misc]
    """A day that is over or today: the last of a role, or the first on which a number was dead."""

    day = DateField(_l("Day"), default=today, validators=[InputRequired(), not_in_the_future])


class AuthorisationForm(FlaskForm):  # type: ignore[misc]
    authorisation = _text(_l("Letter of authorisation"), 200, help_text=_l("Its name, number and date."))
    authorised_until = DateField(_l("Authorised until"), validators=[Optional()])


KEPT, MERGED = "kept", "merged"


class MergeForm(FlaskForm):  # type: ignore[misc]
    """Made for two records by `merge_form`; has a choice for each field in which they differ."""

    versions = HiddenField(validators=[InputRequired()])
    reason = StringField(_l("Why they are one person"), validators=[Length(max=500)])

    differing: Sequence[str]

    @property
    def taken(self) -> list[str]:
        """The fields to take from the merged record."""
        return [name for name in self.differing if self[name].data == MERGED]

    def rows(self) -> list[Row]:
        return [Row.of(name, self[name]) for name in self.differing]


#: how a field is called and shown; numbers stay masked
_SHOWN: dict[str, tuple[Any, Callable[[Any], str]]] = {
    "name": (_l("Full name"), str),
    "mobile": (_l("Mobile"), formats.masked_phone),
    "landline": (_l("Landline"), formats.masked_phone),
    "email": (_l("E-mail"), formats.masked_email),
    "preferred_channel": (_l("Prefers"), lambda value: str(CHANNEL_LABELS.get(value, formats.NOTHING))),
}


def merge_form(kept: Contact, merged: Contact) -> MergeForm:
    """The form for two records; at first the kept one's value is chosen wherever it has any."""
    names = [
        name
        for name in CHOSEN
        if getattr(merged, name) and getattr(merged, name) != getattr(kept, name)
    ]  # fmt: skip
    fields = {name: _choice(name, kept, merged) for name in names}
    first = {name: KEPT if getattr(kept, name) else MERGED for name in names}
    kind: type[MergeForm] = type("MergeFormOfTwo", (MergeForm,), fields)
    form = kind(data={**first, "versions": versions_of(kept, merged)})
    form.differing = names
    return form


def _choice(name: str, kept: Contact, merged: Contact) -> RadioField:
    label, shown = _SHOWN[name]
    sides = [(side, shown(getattr(one, name))) for side, one in ((KEPT, kept), (MERGED, merged))]
    return RadioField(label, choices=offered(sides), validators=[InputRequired()])


_ROLES = {str(role): role for role in ContactRole} | {
    "经办人": ContactRole.HANDLER, "专办员": ContactRole.HANDLER, "专管员": ContactRole.HANDLER,
    "经办人员": ContactRole.HANDLER, "法定代表人": ContactRole.LEGAL_REP, "法人": ContactRole.LEGAL_REP,
    "法人代表": ContactRole.LEGAL_REP, "负责人": ContactRole.PERSON_IN_CHARGE,
    "单位负责人": ContactRole.PERSON_IN_CHARGE, "财务": ContactRole.FINANCE, "财务人员": ContactRole.FINANCE,
    "财务负责人": ContactRole.FINANCE, "人事": ContactRole.HR, "人事人员": ContactRole.HR,
    "人力资源": ContactRole.HR,
}  # fmt: skip
_MOBILE_NAMES = ("手机号", "手机号码", "手机", "经办人手机号", "联系电话", "mobile")

#: a cell of each column, as offices write it
EXAMPLES = {
    "uscc": "91000000000000019G", "account_no": "030100000001", "role": "经办人", "name": "王芳",
    "mobile": "13800000001", "landline": "022-66271234", "email": "wang@example.com", "id_type": "身份证",
    "id_number": "11010519491231002X", "since": "2026-01-05",
}  # fmt: skip

CONTACTS = ImportSpec(
    name="contacts",
    title=_l("Contacts"),
    help=_l(
        "Who speaks for which employer. A handler takes the place of those whom the list does not name; "
        "what was verified stays."
    ),
    columns=(
        Column(
            "uscc", _l("Credit code"), ("统一社会信用代码", "信用代码", "uscc", "credit code"), credit_code
        ),
        Column(
            "account_no", _l("Account number"), ("单位账号", "单位公积金账号", "账号", "account number"),
            account_number(),
        ),
        Column("role", _l("Role"), ("角色", "联系人角色", "职务", "role"), code(_ROLES), required=True),
        Column(
            "name", _l("Full name"), ("姓名", "联系人", "联系人姓名", "经办人姓名", "name"), text(120),
            required=True,
        ),
        Column("mobile", _l("Mobile"), _MOBILE_NAMES, mobile),
        Column("landline", _l("Landline"), ("固定电话", "办公电话", "座机", "landline"), landline),
        Column("email", _l("E-mail"), ("电子邮箱", "邮箱", "电子邮件", "email", "e-mail"), email),
        Column(
            "id_type", _l("Type of identity document"), ("证件类型", "JBRZJLX", "id type"), text(60)
        ),
        Column(
            "id_number", _l("Number of the document"),
            ("证件号码", "证件号", "身份证号", "身份证号码", "经办人证件号码", "JBRZJHM", "id number"),
            weighing.document, personal=True,
        ),
        Column("since", _l("Since"), ("任职日期", "起始日期", "开始日期", "since"), day()),
    ),
    examples=EXAMPLES,
    words={"role": ("经办人", "法定代表人", "负责人", "财务", "人事")},
    key=("uscc", "account_no", "role", "name"),
    plan=importing.plan,
    applied=importing.applied,
    removing=importing.removing,
    reverted=importing.reverted,
    endpoint="people.show",
    subject=Contact.__tablename__,
    needs_as_of=True,
    permission=Permission.IMPORT,
    reasons={
        "no_employer": _l("names neither credit code nor account number"),
        "unknown_employer": _l("no employer has this credit code or account number"),
        "other_branch": _l("belongs to another branch; ask the department to import it"),
        "merged": _l("belongs to a record that was merged into another; close or correct it at its source"),
        "number_of_another": _l("is recorded for somebody else; enter this person by hand"),
        "older": _l("lies before the present handler began"),
        "not_an_email": _l("is no e-mail address: %(value)s"),
        "document_of_another": _l("is recorded for somebody else: check who is meant"),
        "other_document": _l("is another than the person's on record: correct it on the person's page"),
        "two_records": _l("is on another record of this person: merge the two"),
    },
    remarks={
        "verified_stays": _l("differs from what was verified, which stays"),
        "other_number": _l("differs from other lines of this person, and holds for this employer alone"),
        "older_list": _l("is older than what is known, which stays"),
    },
    coded={"id_type": "id_type"},
    worded={"role": ROLE_LABELS},
    labels={
        "until": _l("Until"), "invalid_since": _l("Out of use since"), "told": None, "told_by": None,
        "told_on": None, "id_number_index": None, "id_number": None,
        "id_type": _l("Type of identity document"),
    },
)  # fmt: skip
