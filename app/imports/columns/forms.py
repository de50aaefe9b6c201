"""The form that says which column of a file is which: one list to choose from for each column."""

from flask import request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import Length, Optional

from app.core.importing.spec import ImportSpec
from app.core.sheets.reading import LIMITS


class ChoiceForm(FlaskForm):  # type: ignore[misc]
    """The choices are fields `c0`, `c1` …, as many as the file has columns; empty leaves the column out."""

    def chosen(self, spec: ImportSpec) -> list[str | None]:
        names = {column.name for column in spec.columns}
        count = next((at for at in range(LIMITS.columns) if f"c{at}" not in request.form), LIMITS.columns)
        given = [request.form[f"c{at}"] for at in range(count)]
        return [name if name in names else None for name in given]


class ColumnsForm(ChoiceForm):
    source = StringField(
        _l("Keep it for files from"),
        [Optional(), Length(max=80)],
        description=_l(
            "Such as a bank's branch. The next file with these headings is then read the same way by itself. "
            "Left empty, it holds for this file alone."
        ),
        render_kw={"list": "sources", "maxlength": 80},
    )
