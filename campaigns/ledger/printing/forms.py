"""What people enter about a print batch."""

import re

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.core.clock import today
from app.core.errors import DomainError

_PAIR = re.compile(r"(?:\d+-)?(\d+)[\s,，;；:：]+(\S+)")


class PostForm(FlaskForm):  # type: ignore[misc]
    """Tracking numbers as they are scanned: the line of the batch, then the number."""

    posted_on = DateField(_l("Posted on"), [InputRequired()], default=today)
    pairs = TextAreaField(
        _l("Lines and tracking numbers"),
        [InputRequired(), Length(max=60_000)],
        description=_l("One a line: the number of the line, a space, the tracking number."),
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
    return [(int(pair[1]), pair[2].upper()) for _row, pair in found if pair]
