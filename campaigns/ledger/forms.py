"""What a person said about the messages that are not wanted."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from app.core.forms.choices import offered
from campaigns.drafting.content.policy import MESSAGE_CLASS_LABELS
from campaigns.drafting.forms import MomentField
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


class ScheduleForm(FlaskForm):  # type: ignore[misc]
    """When the messages go out; times are the department's own."""

    send_from = MomentField(_l("Not before"), [Optional()])
    send_until = MomentField(
        _l("Spread until"),
        [Optional()],
        description=_l("Messages go out evenly up to then, so that the telephones can bear the answers."),
    )
    working_days_only = BooleanField(_l("On working days only"))
