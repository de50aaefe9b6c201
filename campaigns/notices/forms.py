"""The small forms of the public page."""

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


class DigitsForm(FlaskForm):  # type: ignore[misc]
    digits = StringField(
        _l("Last four digits of the mobile number or of the employer's account"),
        [InputRequired(), Regexp(rf"^\d{{{DIGITS}}}$", message=_l("Please enter four digits."))],
        filters=[lambda value: value.strip() if value else value],
        render_kw={"inputmode": "numeric", "autocomplete": "off", "maxlength": DIGITS},
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
