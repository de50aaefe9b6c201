"""What people enter of a change."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, StringField
from wtforms.validators import InputRequired, Length, Optional

from app.core.forms.code_forms import CodedField
from app.employers.forms import not_in_the_future
from app.lifecycle.changing.models import ChangeKind, RegisteredChange
from app.lifecycle.changing.services import News


class NewsForm(FlaskForm):  # type: ignore[misc]
    """Of each kind there is one, which says what is asked for."""

    new_value: StringField
    changed_on = DateField(
        _l("Holds since"), [InputRequired(), not_in_the_future],
        description=_l("The day on which the registrar approved it: the term counts from it."),
    )  # fmt: skip
    source = CodedField(_l("Who says so"), "fact_source", validators=[Optional()])
    document = StringField(
        _l("Document with number and date"), [Optional(), Length(max=200)],
        description=_l("Such as the notice of approved change; registering the change asks for it."),
    )  # fmt: skip
    applied_on = DateField(
        _l("Handed in on"), [Optional(), not_in_the_future],
        description=_l("Leave it empty when the change was discovered and the employer has not come yet."),
    )  # fmt: skip

    def prefill(self, change: RegisteredChange) -> None:
        for name in ("new_value", "changed_on", "document", "applied_on"):
            self[name].data = getattr(change, name)

    @property
    def news(self) -> News:
        """Only of a valid form."""
        day: Any = self.changed_on.data
        return News(
            self.new_value.data or "", day, self.source.data or None, self.document.data or "",
            self.applied_on.data,
        )  # fmt: skip


class NameForm(NewsForm):
    new_value = StringField(_l("New name"), [InputRequired(), Length(2, 255)])


class AddressForm(NewsForm):
    new_value = StringField(_l("New address"), [InputRequired(), Length(2, 255)])


class LegalRepForm(NewsForm):
    new_value = StringField(
        _l("New legal representative"), [InputRequired(), Length(2, 120)],
        description=_l("A telephone number is entered on the person's page, once it is registered."),
    )  # fmt: skip


class BankForm(NewsForm):
    new_value = StringField(_l("Office of the entrusted bank"), [Optional(), Length(max=200)])
    bank_code = CodedField(_l("Entrusted bank"), "bank", validators=[InputRequired()])

    def prefill(self, change: RegisteredChange) -> None:
        super().prefill(change)
        self.new_value.data = change.bank_office

    @property
    def news(self) -> News:
        return replace(super().news, bank_code=self.bank_code.data)


FORMS: Mapping[ChangeKind, type[NewsForm]] = {
    ChangeKind.NAME: NameForm,
    ChangeKind.ADDRESS: AddressForm,
    ChangeKind.LEGAL_REP: LegalRepForm,
    ChangeKind.BANK: BankForm,
}
