"""The form of an uploaded list."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import StringField
from wtforms.validators import Length, Optional

from app.core.criteria.segments import LONGEST_NAME


class ListForm(FlaskForm):  # type: ignore[misc]
    file = FileField(
        _l("File"),
        [FileRequired(_l("Choose a file."))],
        description=_l("A column of credit codes or of account numbers, under its heading."),
        render_kw={"accept": ".xlsx,.xlsm,.xls,.csv,.txt", "required": True},
    )
    name = StringField(
        _l("Name of a new segment"),
        [Optional(), Length(max=LONGEST_NAME)],
        description=_l("Empty: the name of the file and the time."),
    )
