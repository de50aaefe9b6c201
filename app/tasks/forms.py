"""What people say about tasks."""

from datetime import date
from typing import Any, cast

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, Field, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from app.accounts.models import User
from app.core.clock import today
from app.core.forms.choices import offered
from app.core.permissions import current_actor, may
from app.tasks.policy import Permission


def not_in_the_past(_form: Any, field: Field) -> None:
    if field.data and field.data < today():
        raise ValidationError(_("The due date lies in the past: choose today or later."))


class NewTaskForm(FlaskForm):  # type: ignore[misc]
    title = StringField(_l("What is to be done"), validators=[InputRequired(), Length(max=255)])
    due_on = DateField(_l("Due on"), default=today, validators=[InputRequired(), not_in_the_past])
    owner_id = SelectField(_l("For"), coerce=int)
    employer_id = HiddenField()

    def offer(self, owners: list[User]) -> None:
        self.owner_id.choices = offered((user.id, user.name) for user in owners)

    @property
    def promise(self) -> tuple[str, date]:
        """What and by when; only of a valid form."""
        return cast(str, self.title.data), cast(date, self.due_on.data)


OWNERS, MYSELF = "owners", "me"


class ManyTasksForm(FlaskForm):  # type: ignore[misc]
    """The same task for many employers; only who may manage others' tasks gives them to others."""

    title = StringField(_l("What is to be done"), validators=[InputRequired(), Length(max=255)])
    due_on = DateField(_l("Due on"), default=today, validators=[InputRequired(), not_in_the_past])
    who = SelectField(_l("For"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owners = [(OWNERS, _("Each employer's owner; me where there is none"))]
        manages = may(current_actor(), Permission.MANAGE)
        self.who.choices = offered([*(owners if manages else ()), (MYSELF, _("Me"))])

    @property
    def promise(self) -> tuple[str, date]:
        """What and by when; only of a valid form."""
        return cast(str, self.title.data), cast(date, self.due_on.data)


class CloseForm(FlaskForm):  # type: ignore[misc]
    result = TextAreaField(_l("Result"), validators=[Optional(), Length(max=2000)])
    back = HiddenField()


class CancelForm(FlaskForm):  # type: ignore[misc]
    reason = TextAreaField(_l("Why it is no longer needed"), validators=[InputRequired(), Length(max=2000)])


class PutOffForm(FlaskForm):  # type: ignore[misc]
    due_on = DateField(_l("New due date"), validators=[InputRequired(), not_in_the_past])

    @property
    def day(self) -> date:
        """Only of a valid form."""
        return cast(date, self.due_on.data)


class ReassignForm(FlaskForm):  # type: ignore[misc]
    owner_id = SelectField(_l("Pass on to"), coerce=int)

    def offer(self, owners: list[User]) -> None:
        self.owner_id.choices = offered((user.id, user.name) for user in owners)
