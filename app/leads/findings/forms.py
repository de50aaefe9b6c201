"""What is asked of a finding."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.core.clock import today
from app.core.forms.choices import offered
from app.core.language.text import clean
from app.employers.forms import not_in_the_future
from app.leads.findings.models import SUBJECT_LABELS, Subject


def _clean(value: str | None) -> str:
    return clean(value or "")


class FindingForm(FlaskForm):  # type: ignore[misc]
    subject = SelectField(_l("What was found out"), choices=offered(SUBJECT_LABELS), coerce=Subject)
    content = TextAreaField(_l("Finding"), [InputRequired(), Length(max=2000)], filters=[_clean])
    source = StringField(
        _l("Where it was found"), [InputRequired(), Length(max=120)], filters=[_clean],
        description=_l("A look-up service such as 企查查, a visit, a call, the firm's own papers."),
    )  # fmt: skip
    as_of = DateField(_l("As of"), [InputRequired(), not_in_the_future], default=today)

    @property
    def values(self) -> dict[str, Any]:
        return {field.name: field.data for field in self if field.name != "csrf_token"}
