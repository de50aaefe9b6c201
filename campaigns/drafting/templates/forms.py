"""The forms of templates."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.core.forms.choices import offered
from campaigns.channels.letter.models import VARIABLE_KIND_LABELS
from campaigns.channels.letter.text import LONGEST_VALUE
from campaigns.channels.sms import text as sms
from campaigns.channels.sms.models import SmsVersion
from campaigns.drafting.content.models import LINK, Declared, declared
from campaigns.drafting.content.policy import MESSAGE_CLASS_LABELS
from campaigns.drafting.models import MessageClass

#: What is said of a variable, as the form's fields are called.
PARTS = ("label", "kind", "default")


class TemplateForm(FlaskForm):  # type: ignore[misc]
    name = StringField(_l("Name of the template"), [InputRequired(), Length(max=120)])
    message_class = SelectField(
        _l("Kind of message"), choices=offered(MESSAGE_CLASS_LABELS), coerce=MessageClass
    )
    text = TextAreaField(_l("Text"), [InputRequired(), Length(max=sms.LONGEST)])


class DraftForm(FlaskForm):  # type: ignore[misc]
    """The text, and what its variables are; one that is new in the text is asked for after saving."""

    text = TextAreaField(_l("Text"), [InputRequired(), Length(max=sms.LONGEST)])
    joins = BooleanField(
        _l("One message speaks for all employers of a handler"),
        description=_l("Otherwise the handler gets a message for each employer."),
    )

    @classmethod
    def of(cls, version: SmsVersion) -> "DraftForm":
        """With the fields of the version's variables."""
        fields: dict[str, Any] = {}
        for one in declared(version).values():
            fields |= _fields(one)
        form: DraftForm = type("DraftForm", (cls,), fields)(text=version.text, joins=version.joins)
        return form

    def said(self) -> dict[str, dict[str, str]]:
        """What was filled in, by variable."""
        said: dict[str, dict[str, str]] = {}
        for field in self:
            part, _colon, name = field.name.partition(":")
            if name and part in PARTS:
                said.setdefault(name, {})[part] = str(field.data or "")
        return said


def _fields(one: Declared) -> dict[str, Any]:
    if one.name == LINK:
        return {}
    default = StringField(
        _l("Where there is none"), [Length(max=LONGEST_VALUE)], default=one.default,
        render_kw={"placeholder": _l("left empty: must be given")},
    )  # fmt: skip
    if one.known:
        return {f"default:{one.name}": default}
    return {
        f"label:{one.name}": StringField(
            _l("What it is, as authors are asked for it"), [Length(max=LONGEST_VALUE)], default=one.label
        ),
        f"kind:{one.name}": SelectField(_l("Kind"), choices=offered(VARIABLE_KIND_LABELS), default=one.kind),
        f"default:{one.name}": default,
    }
