"""What people enter of a change."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from app.core.choices import offered
from app.core.code_forms import CodedField
from app.employers.forms import not_in_the_future
from app.lifecycle.changing.models import KIND_LABELS, ChangeKind, RegisteredChange
from app.lifecycle.changing.services import News


class NewsForm(FlaskForm):  # type: ignore[misc]
    new_value = StringField(_l("What it is now"), [InputRequired(), Length(2, 255)])
    changed_on = DateField(
        _l("Holds since"), [InputRequired(), not_in_the_future],
        description=_l("The day on which the registrar approved it: the term counts from it."),
    )  # fmt: skip
    source = CodedField(_l("Who says so"), "fact_source", validators=[Optional()])
    document = StringField(
        _l("Document with number and date"), [Optional(), Length(max=200)],
        description=_l("Such as the notice of approved change; registering the change asks for it."),
    )  # fmt: skip
    applied_on = DateField(
        _l("Handed in on"), [Optional(), not_in_the_future],
        description=_l("Leave it empty when the change was discovered and the employer has not come yet."),
    )  # fmt: skip

    def prefill(self, change: RegisteredChange) -> None:
        for name in ("new_value", "changed_on", "document", "applied_on"):
            self[name].data = getattr(change, name)

    @property
    def news(self) -> News:
        """Only of a valid form."""
        day: Any = self.changed_on.data
        return News(
            self.new_value.data or "", day, self.source.data or None, self.document.data or "",
            self.applied_on.data,
        )  # fmt: skip


class NoteForm(NewsForm):
    kind = SelectField(_l("What changed"), choices=offered(KIND_LABELS), coerce=ChangeKind)
