"""The small forms of the public page."""

import unicodedata

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, Regexp

from app.core.forms.choices import offered
from campaigns.drafting.models import MessageClass
from campaigns.notices.policy import DIGITS
from campaigns.notices.services import Wanted


class CodeForm(FlaskForm):  # type: ignore[misc]
    code = StringField(_l("The code printed on the letter"), [InputRequired(), Length(max=20)])


def _plain(value: str | None) -> str | None:
    """Chinese keyboards write digits of double width: whoever types these is not guessing."""
    return unicodedata.normalize("NFKC", value).strip().upper() if value else value


class DigitsForm(FlaskForm):  # type: ignore[misc]
    digits = StringField(
        _l("Last four digits of the mobile number or of the employer's account"),
        [InputRequired(), Regexp(rf"^[0-9]{{{DIGITS}}}$", message=_l("Please enter four digits."))],
        filters=[_plain],
        render_kw={"inputmode": "numeric", "autocomplete": "off", "maxlength": DIGITS},
    )


class CreditForm(DigitsForm):
    """Of a letter to an employer without an account; a credit code may end in letters."""

    digits = StringField(
        _l("Last four characters of the mobile number or of the unified social credit code"),
        [InputRequired(), Regexp(rf"^[0-9A-Z]{{{DIGITS}}}$", message=_l("Please enter four characters."))],
        filters=[_plain],
        render_kw={"autocomplete": "off", "maxlength": DIGITS},
    )


class ConfirmForm(FlaskForm):  # type: ignore[misc]
    """Only the token against forgery."""


class AskForm(FlaskForm):  # type: ignore[misc]
    wanted = RadioField(
        _l("What would help you?"),
        [InputRequired()],
        choices=offered(
            [(Wanted.VISIT.value, _l("A visit at our place")), (Wanted.CALL.value, _l("A call back"))]
        ),
        default=Wanted.VISIT.value,
    )
    note = TextAreaField(_l("What is it about? (optional)"), [Optional(), Length(max=200)])


class LeaveForm(FlaskForm):  # type: ignore[misc]
    """The classes that a reader may leave, a tick each."""

    greeting = BooleanField(_l("No greetings any more"))
    publicity = BooleanField(_l("No publicity and invitations any more"))

    @property
    def classes(self) -> list[MessageClass]:
        """What was ticked."""
        ticked = {MessageClass.GREETING: self.greeting.data, MessageClass.PUBLICITY: self.publicity.data}
        return [one for one, yes in ticked.items() if yes]
