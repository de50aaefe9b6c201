"""Choosing, field by field, what the merged record shall say."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from app.core import code_tables
from app.core.forms.choices import offered
from app.core.language.formats import display
from app.core.language.i18n import translated
from app.core.language.text import clean
from app.employers.forms import EmployerForm
from app.employers.models import Employer

KEPT, MERGED, OTHER = "kept", "merged", "other"

#: Fields that a person chooses, in the order of the page. What the statement says of an account is not among
#: them: mixing two accounts would make a third that does not exist.
CHOSEN = (
    "name", "uscc", "established_on", "registry_type", "unit_type", "economic_type", "industry",
    "affiliation", "operating_status", "registered_capital", "area", "area_id", "address", "postal_code",
    "email", "insured_heads", "pay_day", "bank_code", "bank_name", "business_scope", "eligible", "owner_id",
)  # fmt: skip
#: Fields that go with another one, whichever record it is taken from.
COMPANIONS = {
    "insured_heads": ("insured_as_of", "insured_source"),
    "operating_status": ("operating_status_as_of", "operating_status_source"),
    "industry": ("industry_written",),
    "eligible": ("ineligible_reason",),
    "owner_id": ("backup_owner_id",),
}
#: These are taken from one of the two records as they are.
WITHOUT_OTHER = frozenset({"eligible", "owner_id"})
#: Fields that hold a code, and of which table.
CODED = {
    "unit_type": "unit_type",
    "economic_type": "economic_type",
    "industry": "industry",
    "affiliation": "affiliation",
    "operating_status": "operating_status",
    "bank_code": "bank",
}


class OtherValues(EmployerForm):
    """A value that neither record has, checked like the form that edits an employer."""

    name = StringField(_l("Name"), filters=[lambda text: clean(text or "") or None])

    class Meta:
        csrf = False


@dataclass(frozen=True)
class Row:
    """One field in which the two records differ."""

    name: str
    label: Any
    kept: str
    merged: str
    choice: Field
    #: where a third value may be entered
    other: Field | None = None

    @classmethod
    def of(cls, name: str, choice: RadioField) -> "Row":
        """A choice between two values, which are called as they are shown."""
        kept, merged = (str(side.label.text) for side in choice)
        return cls(name, choice.label.text, kept, merged, choice)


class MergeForm(FlaskForm):  # type: ignore[misc]
    """Made for two records by `merge_form`; has one radio group for each field in which they differ."""

    kept_version = HiddenField(validators=[InputRequired()])
    merged_version = HiddenField(validators=[InputRequired()])
    reason = TextAreaField(_l("Why they are one employer"), validators=[Optional(), Length(max=1000)])

    kept: Employer
    merged: Employer
    others: OtherValues

    def rows(self) -> Iterator[Row]:
        for name in differing(self.kept, self.merged):
            other = None if name in WITHOUT_OTHER else self.others[name]
            label = _("Owner") if name == "owner_id" else self.others[name].label.text
            yield Row(name, label, shown(self.kept, name), shown(self.merged, name), self[name], other)

    def values(self) -> dict[str, Any]:
        """What the kept record shall say, of a valid form: only the fields that someone decided on."""
        found: dict[str, Any] = {}
        for name in differing(self.kept, self.merged):
            choice = self[name].data
            if choice == MERGED:
                for one in (name, *COMPANIONS.get(name, ())):
                    found[one] = getattr(self.merged, one)
            elif choice == OTHER:
                found[name] = self.others[name].data
        return found

    def validate(self, extra_validators: Any = None) -> bool:
        valid: bool = super().validate(extra_validators)
        for name in differing(self.kept, self.merged):
            if self[name].data == OTHER:
                valid = self._valid_other(name) and valid
        return valid

    def _valid_other(self, name: str) -> bool:
        field = self.others[name]
        if field.data in (None, ""):
            field.errors = [_("Enter the value, or choose one of the two.")]
            return False
        return bool(field.validate(self.others))


def differing(kept: Employer, merged: Employer) -> list[str]:
    """The fields to choose: those where the merged record says something else. An owner is of the branch."""
    return [
        name
        for name in CHOSEN
        if getattr(merged, name) is not None
        and getattr(merged, name) != getattr(kept, name)
        and (name != "owner_id" or kept.branch_id == merged.branch_id)
    ]


def merge_form(kept: Employer, merged: Employer, prefer: str, versions: tuple[str, str]) -> MergeForm:
    """The form for two records; `prefer` ("newer", "older") says whose values are chosen at first.

    Without it they are the kept record's, wherever it has any.
    """
    names = differing(kept, merged)
    newer = merged.updated_at > kept.updated_at
    take = (prefer == "newer" and newer) or (prefer == "older" and not newer)
    fields: dict[str, Field] = {name: _choice(name) for name in names}
    kind: type[MergeForm] = type("MergeFormOfTwo", (MergeForm,), fields)
    first = {name: MERGED if getattr(kept, name) in (None, "") or take else KEPT for name in names}
    form = kind(data={**first, "kept_version": versions[0], "merged_version": versions[1]})
    form.kept, form.merged, form.others = kept, merged, OtherValues(prefix="other-")
    return form


def _choice(name: str) -> RadioField:
    choices = [(KEPT, _l("Kept record")), (MERGED, _l("Merged record"))]
    if name not in WITHOUT_OTHER:
        choices.append((OTHER, _l("Another value")))
    return RadioField(choices=offered(choices), validators=[InputRequired()])


def shown(record: Employer, name: str) -> str:
    """A field's value in words."""
    value = getattr(record, name)
    if name == "owner_id":
        return record.owner.name if record.owner else "—"
    if name == "area_id":
        return record.place.name if record.place else "—"
    if name == "eligible" and not value:
        return f"{display(value)} · {translated(record.ineligible_reason or '')}"
    if value and name in CODED:
        return f"{code_tables.label(CODED[name], value)} {value}"
    return str(display(value))
