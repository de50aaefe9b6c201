"""What people enter about a print batch."""

import re

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.core.clock import today
from app.core.errors import DomainError

_PAIR = re.compile(r"(?:\d+-)?(\d+)[\s,，;；:：]+(\S.*)")


class PostForm(FlaskForm):  # type: ignore[misc]
    """Tracking numbers as they are scanned: the line of the batch, then the number."""

    posted_on = DateField(_l("Posted on"), [InputRequired()], default=today)
    pairs = TextAreaField(
        _l("Lines and tracking numbers"),
        [InputRequired(), Length(max=60_000)],
        description=_l("One a line: the number of the line, a space, the tracking number."),
    )


class ListForm(FlaskForm):  # type: ignore[misc]
    """The print room's list: the manifest as it was handed over, with what was spoilt and posted."""

    on = DateField(_l("Day of return and posting"), [InputRequired()], default=today)
    file = FileField(
        _l("File"),
        [FileRequired(_l("Choose a file."))],
        description=_l(
            "The manifest, filled in: what is spoilt and why, and the tracking numbers. A line for each "
            "letter; the good ones are counted in."
        ),
        render_kw={"accept": ".xlsx,.xlsm,.xls,.csv", "required": True},
    )


def pairs_of(typed: str) -> list[tuple[int, str]]:
    """Line and tracking number of each row. Raises DomainError with the rows that are none."""
    rows = [row.strip() for row in typed.splitlines() if row.strip()]
    found = [(row, _PAIR.fullmatch(row)) for row in rows]
    if wrong := [row for row, pair in found if pair is None]:
        raise DomainError(
            _l("Nothing was recorded:"),
            [_l("“%(row)s” is not a line and a tracking number.", row=row[:60]) for row in wrong],
        )
    return [(int(pair[1]), pair[2]) for _row, pair in found if pair]
