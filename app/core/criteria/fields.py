"""What a rule may name: a field, its kind, and how the values of that kind are read and written.

A value travels as text (in a URL, in a saved tree) and is read into Python here, once, strictly.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement

from app.core.errors import DomainError
from app.core.periods import Period
from app.core.permissions import Actor, may

#: Stands for the reader in user fields, so that one saved segment serves everybody.
ME = "me"

LONGEST_TEXT = 200
LARGEST_NUMBER = 10**12
#: no database takes the one, no encoding the others
_UNSEARCHABLE = re.compile("[\x00\ud800-\udfff]")
FIRST_YEAR, LAST_YEAR = 1901, 2998

Calendar = TypeVar("Calendar", date, Period)


class Kind(StrEnum):
    """What a field's values are; decides its operators, its inputs and its words."""

    TEXT = "text"
    #: an identifier: found whole or by its beginning, never by its middle
    CODE = "code"
    NUMBER = "number"
    MONEY = "money"
    #: a fraction in the database, a percentage for people
    RATE = "rate"
    PERIOD = "period"
    DATE = "date"
    #: a stored time, asked about by its Shanghai date
    MOMENT = "moment"
    #: something that happens again and again: whether it did within some days. Its field has a `within`
    EVENT = "event"
    CHOICE = "choice"
    #: a code of a code table, which may have others below it
    CODED = "coded"
    #: a place of the tree of areas
    AREA = "area"
    BOOL = "bool"
    USER = "user"
    BRANCH = "branch"
    #: a segment whose members were chosen by hand; the expression is a function of its ids and the reader
    MEMBER = "member"
    #: the same of other records than segments, such as events
    RECORD = "record"
    #: the quick search box: the field's expression is a function from words to a condition
    SEARCH = "search"


Choice = tuple[str, Any]
Choices = Sequence[Choice] | Callable[[Actor | None], Sequence[Choice]]


@dataclass(frozen=True)
class Field:
    """A field that rules may name.

    `expression` is the SQL it stands for. `within` lifts a condition on a related row to one on the
    listed row (an EXISTS). `below` gives, for a field whose values form a tree (branches, areas, codes),
    these values and those under them. `choices` are (value, label) pairs, or a function of the reader that
    gives them.
    """

    name: str
    label: Any
    kind: Kind
    expression: Any
    choices: Choices = ()
    within: Callable[[ColumnElement[bool]], ColumnElement[bool]] | None = None
    below: Callable[[Sequence[int]], Any] | None = None
    group: Any = None
    #: of a yes-or-no field whose label is a sentence by itself: the same denied
    denied: Any = None
    #: the rule that a value is meant, as the reader may know it, where the value by itself says nothing
    #: to people (the number of a record); None: in the operator's words
    told: Callable[[Any], str | None] | None = None
    #: the code table whose codes its values are
    code_table: str | None = None
    #: who may ask about it, where not everybody who sees the list does
    permission: str | None = None

    def __post_init__(self) -> None:
        if "." in self.name:
            raise ValueError(f"a field's name goes into URLs before a dot: {self.name!r}")

    def choices_for(self, actor: Actor | None) -> list[Choice]:
        given = self.choices(actor) if callable(self.choices) else self.choices
        return [(str(value), label) for value, label in given]

    def open_to(self, actor: Actor | None) -> bool:
        """Whether the actor may ask about it; the system may ask about everything."""
        return self.permission is None or may(actor, self.permission)

    def refuse(self, problem: object) -> DomainError:
        """The error that names this field."""
        return DomainError(_l("“%(field)s”: %(problem)s", field=self.label, problem=problem))


def choices_of(labels: Any) -> tuple[Choice, ...]:
    """Choices from a mapping of enum members (or strings) to labels."""
    return tuple((str(value), label) for value, label in labels.items())


def read_value(field: Field, text: object, kind: Kind | None = None) -> Any:
    """One value in its Python type; raises DomainError naming the field. Rates come as percentages."""
    kind = kind or field.kind
    plain = str(text).strip() if text is not None else ""
    if not plain:
        raise field.refuse(_l("please give a value."))
    if len(plain) > LONGEST_TEXT:
        raise field.refuse(_l("the value is longer than %(limit)s characters.", limit=LONGEST_TEXT))
    if _UNSEARCHABLE.search(plain):
        raise field.refuse(_l("the value holds a character that cannot be searched for."))
    if kind in {Kind.TEXT, Kind.SEARCH}:
        return plain  # words keep their full-width brackets
    return _READERS[kind](field, unicodedata.normalize("NFKC", plain))


def write_value(value: Any, kind: Kind) -> str:
    """The text that `read_value` reads back to the same value."""
    if kind is Kind.RATE:
        return _plain(Decimal(value) * 100)
    if isinstance(value, Decimal):
        return _plain(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _read_code(_field: Field, text: str) -> str:
    return text.upper()


def _digits(text: str) -> str:
    """Without thousands separators; Python's own underscores are no number to anybody else."""
    return text.replace(",", "").replace("_", "?")


def _read_number(field: Field, text: str) -> int:
    try:
        number = int(_digits(text))
    except ValueError:
        raise field.refuse(_l("“%(value)s” is not a whole number.", value=text)) from None
    if abs(number) > LARGEST_NUMBER:
        raise field.refuse(_l("the number is too large."))
    return number


def _read_decimal(field: Field, text: str) -> Decimal:
    try:
        number = Decimal(_digits(text))
    except InvalidOperation:
        raise field.refuse(_l("“%(value)s” is not a number.", value=text)) from None
    if not number.is_finite() or abs(number) > LARGEST_NUMBER:
        raise field.refuse(_l("the number is too large."))
    if number != round(number, 2):
        raise field.refuse(_l("give at most two decimal places."))
    return number


def _read_rate(field: Field, text: str) -> Decimal:
    return _read_decimal(field, text.removesuffix("%").strip()) / 100


def _read_period(field: Field, text: str) -> Period:
    try:
        month = Period.parse(text)
    except ValueError:
        raise field.refuse(_l("“%(value)s” is not a month; write it as 2026-09.", value=text)) from None
    return _in_calendar(field, month)


def _read_date(field: Field, text: str) -> date:
    try:
        day = date.fromisoformat(text.replace("/", "-"))
    except ValueError:
        raise field.refuse(_l("“%(value)s” is not a date; write it as 2026-09-30.", value=text)) from None
    return _in_calendar(field, day)


def _in_calendar(field: Field, value: Calendar) -> Calendar:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise field.refuse(
            _l("the year must lie between %(first)s and %(last)s.", first=FIRST_YEAR, last=LAST_YEAR)
        )
    return value


def _read_choice(field: Field, text: str) -> str:
    if text not in {value for value, _ in field.choices_for(None)}:
        raise field.refuse(_l("“%(value)s” is not one of the choices.", value=text))
    return text


def _read_user(field: Field, text: str) -> int | str:
    return ME if text == ME else _read_id(field, text)


def _read_id(field: Field, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise field.refuse(_l("“%(value)s” is not one of the choices.", value=text))
    return int(text)


_READERS: dict[Kind, Callable[[Field, str], Any]] = {
    Kind.CODE: _read_code,
    Kind.NUMBER: _read_number,
    Kind.MONEY: _read_decimal,
    Kind.RATE: _read_rate,
    Kind.PERIOD: _read_period,
    Kind.DATE: _read_date,
    Kind.MOMENT: _read_date,
    Kind.EVENT: _read_date,
    Kind.CHOICE: _read_choice,
    Kind.USER: _read_user,
    Kind.BRANCH: _read_id,
    Kind.CODED: _read_code,
    Kind.AREA: _read_id,
    Kind.MEMBER: _read_id,
    Kind.RECORD: _read_id,
}


def kept_for(permission: str, fields: Iterable[Field]) -> tuple[Field, ...]:
    """Fields that tell of what not everybody may see who sees the list."""
    return tuple(replace(field, permission=field.permission or permission) for field in fields)
