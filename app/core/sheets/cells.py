"""A cell of a spreadsheet: what it may hold, when it says nothing, and why it gives no value."""

import re
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

Cell = str | int | float | date | None
"""What a cell holds; a datetime is a date. Empty cells, and text of blanks in a CSV, are None."""

REASONS: dict[str, Any] = {
    "empty": _l("is empty"),
    "not_calculated": _l(
        "holds a formula without a result: open the file in a spreadsheet program and save it, "
        "or paste the values instead of the formulas"
    ),
    "no_data": _l("The row is a total or a note below the table: nothing is imported from it."),
    "repeated": _l("The row repeats row %(row)s."),
    "too_long": _l("is longer than %(limit)s characters"),
    "wrong_length": _l("has %(found)s characters instead of %(wanted)s"),
    "wrong_characters": _l("holds characters that do not belong in it: %(value)s"),
    "wrong_check_digit": _l("has a wrong check digit, so it was mistyped: %(value)s"),
    "not_a_date": _l("is not a date such as 2022-09-01, with year, month and day: %(value)s"),
    "future_date": _l("lies in the future: %(value)s"),
    "date_too_early": _l("lies before %(limit)s: %(value)s"),
    "not_a_month": _l("is not a month such as 202209: %(value)s"),
    "future_month": _l("is a month in the future: %(value)s"),
    "not_a_number": _l("is not a number: %(value)s"),
    "not_whole": _l("is not a whole number: %(value)s"),
    "negative": _l("is below zero: %(value)s"),
    "too_small": _l("is below %(limit)s: %(value)s"),
    "too_large": _l("is above %(limit)s: %(value)s"),
    "rate_outside": _l("lies outside %(low)s to %(high)s: %(value)s"),
    "unknown_code": _l("is not a known code: %(value)s"),
    "not_a_phone": _l("is not a mobile number: %(value)s"),
    "not_a_landline": _l("is not a telephone number such as 022-66271234: %(value)s"),
    "not_a_document_number": _l("is not the number of a document: 4 to 30 letters and digits"),
    "not_an_id_number": _l("is not an ID number of 18 places, or was mistyped"),
    "digits_lost": _l("was stored as a number and has lost digits; format the column as text: %(value)s"),
}

#: What offices write for "nothing".
NOTHINGS = frozenset(
    {"", "-", "--", "—", "——", "/", "\\", "无", "N/A", "n/a", "#N/A", "NULL", "null", "None"}
)


class CellError(ValueError):
    """Why a cell gives no value: a key of REASONS (or of a spec's own reasons) with its parameters."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = {name: _shown(value) for name, value in params.items()}


def is_empty(cell: Cell) -> bool:
    """Whether the cell says nothing: blank, or one of the signs that offices write for it."""
    if not isinstance(cell, str):
        return cell is None
    # most text is longer than any sign for nothing
    return cell.strip() in NOTHINGS if len(cell) < 5 else cell.isspace()


def plain_text(cell: Cell) -> str:
    """A cell as one line of text: outer blanks gone, inner white space one blank, numbers without ".0"."""
    if isinstance(cell, str):
        return " ".join(cell.split())
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


_POWERS = re.compile(r"\d(\.\d+)?[eE]\+?\d+")


def lost_digits(cell: Cell) -> bool:
    """Whether a spreadsheet kept only the first digits of a number that is a name: 9.1E+17, or beyond 15."""
    if isinstance(cell, str):
        return _POWERS.fullmatch(cell.strip()) is not None
    return isinstance(cell, float) or (isinstance(cell, int) and abs(cell) >= 10**15)


def _shown(value: object) -> str | int:
    """A parameter as it is stored in JSON and shown: short text, or a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    written = str(value)
    return written if len(written) <= 40 else written[:39] + "…"
