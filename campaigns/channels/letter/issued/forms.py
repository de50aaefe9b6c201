"""What an author fills in for one letter."""

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from app.core.errors import DomainError
from campaigns.channels.letter import text
from campaigns.channels.letter.models import LetterVersion, VariableKind

#: What a wording may use without declaring it, when nobody knows it of the employer.
USUAL = {
    "deadline": text.Asked("deadline", _l("Deadline"), VariableKind.DATE, True),
    "phone": text.Asked("phone", _l("Telephone number for questions"), VariableKind.TEXT, True),
}

_INPUTS = {
    VariableKind.DATE: {"type": "date"},
    VariableKind.MONTH: {"type": "month", "placeholder": "2026-09"},
    VariableKind.NUMBER: {"inputmode": "numeric"},
    VariableKind.MONEY: {"inputmode": "decimal"},
    VariableKind.RATE: {"inputmode": "decimal"},
}


def asked_for(version: LetterVersion, known: Mapping[str, str]) -> tuple[text.Asked, ...]:
    """Everything that the wording needs and nobody knows of the employer."""
    declared = {one.name: one for one in text.Asked.of(version)}
    names = [name for name in text.placeholders(text.wording(version)) if name not in known]
    return tuple(
        declared.get(name) or USUAL.get(name) or text.Asked(name, name, VariableKind.TEXT, True)
        for name in names
    )


def letter_form(asked: tuple[text.Asked, ...], base: type[FlaskForm] = FlaskForm) -> type[FlaskForm]:
    """A form with a field for each variable, after those of `base`."""
    fields = {
        one.name: StringField(
            one.label,
            [InputRequired(), Length(max=text.LONGEST_VALUE)],
            default="12329" if one.name == "phone" else None,
            render_kw=_INPUTS.get(one.kind, {}),
        )
        for one in asked
    }
    return type("LetterForm", (base,), fields)


def filled_in(form: FlaskForm, asked: tuple[text.Asked, ...]) -> dict[str, str] | None:
    """The values as letters write them; None when one is none, which its field then says."""
    values, refused = dict[str, str](), False
    for one in asked:
        try:
            values |= text.written((one,), {one.name: form[one.name].data})
        except DomainError as refusal:
            refused = True
            form[one.name].errors = [*form[one.name].errors, *refusal.reasons]
    return None if refused else values
