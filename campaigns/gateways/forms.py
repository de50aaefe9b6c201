"""What an administrator says about a gateway's code."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.core.choices import offered
from campaigns.gateways.codes import FAILURES
from campaigns.gateways.protocol import FailureClass


class CodeForm(FlaskForm):  # type: ignore[misc]
    code = StringField(_l("Code"), [InputRequired(), Length(max=40)])
    failure = SelectField(_l("Meaning"), coerce=FailureClass, choices=offered(FAILURES))
    note = StringField(
        _l("Reason"), [InputRequired(), Length(max=120)],
        description=_l("How it is known, such as the provider's answer and its date."),
    )  # fmt: skip
