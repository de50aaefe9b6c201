"""What is handed over, to whom and why."""

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, SelectMultipleField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from app.accounts.models import User
from app.core.forms.choices import offered


class HandOverForm(FlaskForm):  # type: ignore[misc]
    to_id = SelectField(_l("Hand over to"), coerce=int)
    matters = SelectMultipleField(
        _l("What is handed over"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validators=[InputRequired()],
    )
    reason = TextAreaField(_l("Reason"), validators=[InputRequired(), Length(max=1000)])

    def offer(self, receivers: Iterable[User], matters: Iterable[tuple[str, Any]]) -> None:
        self.to_id.choices = offered((user.id, user.name) for user in receivers)
        self.matters.choices = offered(matters)
