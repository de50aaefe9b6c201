"""What is asked of a tip or a referral."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.core.clock import today
from app.core.forms.choices import offered
from app.core.language.text import clean
from app.employers.forms import not_in_the_future, valid_code
from app.employers.models import SOURCE_LABELS


def _clean(value: str | None) -> str:
    return clean(value or "")


class NamedForm(FlaskForm):  # type: ignore[misc]
    """What a tip or referral says of an employer that is known."""

    source = SelectField(
        _l("Source"), choices=offered({name: SOURCE_LABELS[name] for name in ("tip", "partner")})
    )
    told_by = StringField(
        _l("From whom"), [InputRequired(), Length(max=120)], filters=[_clean],
        description=_l("The office, or how the tip came in. No name of a person who wants to stay unnamed."),
    )  # fmt: skip
    as_of = DateField(_l("As of"), [InputRequired(), not_in_the_future], default=today)
    insured_heads = IntegerField(_l("Employees, as it was said"), [Optional(), NumberRange(0, 1_000_000)])
    note = TextAreaField(_l("What was reported"), [Length(max=1000)], filters=[_clean])

    @property
    def said(self) -> dict[str, Any]:
        """The source's own words; nothing for what was not said."""
        words = {"insured_heads": self.insured_heads.data, "note": self.note.data}
        return {name: value for name, value in words.items() if value not in (None, "")}


class TipForm(NamedForm):
    """The same of a firm that may be new."""

    name = StringField(_l("Employer name"), [InputRequired(), Length(2, 255)], filters=[_clean])
    uscc = StringField(_l("Credit code"), [Optional(), valid_code], filters=[_clean])
    address = StringField(_l("Address"), [Length(max=255)], filters=[_clean])
    despite_name = BooleanField(_l("This is a different employer of the same name"))

    @property
    def firm(self) -> dict[str, Any]:
        return {"name": self.name.data, "uscc": self.uscc.data or None, "address": self.address.data or None}
