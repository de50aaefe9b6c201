"""The two small forms of the page that verifies a letter."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length, Regexp

from campaigns.channels.letter.issued.policy import DIGITS


class CodeForm(FlaskForm):  # type: ignore[misc]
    code = StringField(_l("The code printed on the letter"), [InputRequired(), Length(max=20)])


class EndForm(FlaskForm):  # type: ignore[misc]
    digits = StringField(
        _l("Last four digits of the handler's mobile number or of the employer's account"),
        [InputRequired(), Regexp(rf"^\d{{{DIGITS}}}$", message=_l("Please enter four digits."))],
        filters=[lambda value: value.strip() if value else value],
        render_kw={"inputmode": "numeric", "autocomplete": "off", "maxlength": DIGITS},
    )
