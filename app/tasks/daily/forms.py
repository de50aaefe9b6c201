"""Who is away, and from when to when."""

from collections.abc import Iterable
from datetime import date
from typing import cast

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField
from wtforms.validators import InputRequired

from app.accounts.models import User
from app.core.forms.choices import offered


class LeaveForm(FlaskForm):  # type: ignore[misc]
    user_id = SelectField(_l("Person"), coerce=int)
    first = DateField(_l("First day of leave"), [InputRequired()])
    last = DateField(_l("Last day of leave"), [InputRequired()])

    def offer(self, people: Iterable[User]) -> None:
        self.user_id.choices = offered((user.id, user.name) for user in people)

    @property
    def span(self) -> tuple[date, date]:
        """The first and the last day; only of a valid form."""
        return cast(date, self.first.data), cast(date, self.last.data)
