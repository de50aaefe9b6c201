"""What a person said about the messages that are not wanted."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.core.forms.choices import offered
from campaigns.drafting.content.policy import MESSAGE_CLASS_LABELS
from campaigns.drafting.models import MessageClass


class OptOutForm(FlaskForm):  # type: ignore[misc]
    message_class = SelectField(
        _l("Kind of message"), choices=offered(MESSAGE_CLASS_LABELS), coerce=MessageClass
    )
    source = StringField(
        _l("How the person said so"),
        validators=[InputRequired(), Length(max=120)],
        description=_l("Such as: by telephone on 12 March."),
    )
