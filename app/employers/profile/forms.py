"""What people enter about notes and flags."""

from datetime import date
from typing import cast

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.core.clock import today
from app.core.forms.code_forms import CodedField
from app.employers.forms import not_in_the_future


class NoteForm(FlaskForm):  # type: ignore[misc]
    body = TextAreaField(
        _l("Note"), validators=[InputRequired(), Length(2, 1000)],
        description=_l("What the next colleague should know. No private matters of people."),
    )  # fmt: skip


class NewNoteForm(NoteForm):
    noted_on = DateField(_l("Date"), default=today, validators=[InputRequired(), not_in_the_future])
    pinned = BooleanField(_l("Pin it above the others"))

    @property
    def day(self) -> date:
        """Only of a valid form."""
        return cast(date, self.noted_on.data)


class FlagForm(FlaskForm):  # type: ignore[misc]
    code = CodedField(_l("Risk"), "risk", validators=[InputRequired()])
    since = DateField(_l("Since"), default=today, validators=[InputRequired(), not_in_the_future])
    note = TextAreaField(_l("What is known"), validators=[Length(max=1000)])

    @property
    def day(self) -> date:
        """Only of a valid form."""
        return cast(date, self.since.data)


class LowerForm(FlaskForm):  # type: ignore[misc]
    until = DateField(_l("Last day"), default=today, validators=[InputRequired(), not_in_the_future])
    ending = TextAreaField(_l("Why it is over"), validators=[InputRequired(), Length(2, 1000)])

    @property
    def day(self) -> date:
        """Only of a valid form."""
        return cast(date, self.until.data)
