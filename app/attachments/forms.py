"""Naming a file and saying what it proves."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField
from wtforms.validators import DataRequired, Length

#: what is usually proven; any other words are fine
PROOFS = (
    _l("Business licence"),
    _l("Letter of authorisation"),
    _l("Proof of service"),
    _l("Visit on site"),
    _l("Premises"),
    _l("Agreement or commitment"),
    _l("Roster of employees"),
    _l("Wages or social insurance"),
)
#: such files list people, whoever attaches them forgets to say so
LISTS = PROOFS[-2:]
LISTS_PEOPLE = _l("Lists employees: is deleted when kept long enough")


class DescribeForm(FlaskForm):  # type: ignore[misc]
    title = StringField(_l("Name"), validators=[DataRequired(_l("Enter a name.")), Length(max=190)])
    proves = StringField(
        _l("What it proves"),
        validators=[Length(max=200)],
        render_kw={"list": "proofs", "autocomplete": "off"},
    )
    lists_people = BooleanField(LISTS_PEOPLE)


def says_list(proves: str) -> bool:
    """Whether what a file proves names a list of people, in the reader's words."""
    return proves.strip() in {str(one) for one in LISTS}
