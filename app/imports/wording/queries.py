"""What values of files and records are called: codes, states and kinds in words, people's numbers veiled."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Column

from app.audit.queries import code_words, name_of
from app.core.code_tables import label
from app.core.db import EnumText, Rate, db
from app.core.importing.conflicts import CONFLICTS
from app.core.importing.spec import ImportSpec, Reason
from app.core.language import formats
from app.core.undoing.reversible import from_json

#: numbers of people are shown as everywhere: with their middle hidden
MASKED: Mapping[str, Callable[[Any], str]] = {
    "mobile": formats.masked_phone, "landline": formats.masked_phone, "email": formats.masked_email,
    "handler_mobile": formats.masked_phone, "phone": formats.masked_phone,
}  # fmt: skip
BETWEEN = " · "


def field_called(spec: ImportSpec, name: str) -> str:
    """What a field is called in the reader's language; nothing where the spec says that it is not shown."""
    if name in spec.labels:
        return str(spec.labels[name] or "")
    known = spec.label(name)
    return name_of(name) if known == name else known


def changed_value(spec: ImportSpec, table: str, name: str, value: Any) -> Any:
    """A noted value of a record's field, for a page to display by its type."""
    return MASKED[name](value) if name in MASKED else _worded(spec, name, value, _column(table, name))


def read_value(spec: ImportSpec, name: str, value: Any) -> Any:
    """A value as it was read from a column of the file."""
    if name in MASKED:
        return MASKED[name](value)
    try:
        return _worded(spec, name, value, _column(spec.subject, name))
    except (ValueError, ArithmeticError, TypeError):  # the column of this name holds something else
        return value


def written_value(spec: ImportSpec, name: str, value: Any) -> Any:
    """A value of a rejected row: as it was written, so that it is found in the file, but codes in words."""
    column = _column(spec.subject, name)
    coded = column is not None and isinstance(column.type, EnumText)
    try:
        if name in spec.coded or name in spec.worded or coded:
            return _worded(spec, name, value, column)
    except (ValueError, TypeError):
        pass
    return value


def said_value(spec: ImportSpec, name: str, value: str) -> str:
    """A value that is kept as text with a remark: what a person corrected, or the file says otherwise."""
    return value if name in MASKED else formats.display(read_value(spec, name, value))


def explained(spec: ImportSpec, reason: Reason) -> str:
    """A reason or a remark as a sentence, the values in it in words."""
    if reason.code in CONFLICTS:
        column, said = reason.column, reason.params
        words = {name: said_value(spec, column, said[name]) for name in ("correction", "value")}
        reason = Reason(reason.code, column, {**said, **words})
    return spec.explain(reason)


def shown_key(spec: ImportSpec, key: str) -> str:
    """The key of a row with its parts in words; one that is not of as many parts is a name."""
    parts = key.split("|")
    if len(spec.key) == 1 or len(parts) != len(spec.key):
        return key
    named = zip(spec.key, parts, strict=True)
    return BETWEEN.join(said_value(spec, name, part) for name, part in named if part)


def _column(table: str, name: str) -> Column[Any] | None:
    return db.metadata.tables[table].c.get(name)


def _worded(spec: ImportSpec, name: str, value: Any, column: Column[Any] | None) -> Any:
    if value is None or value == "":
        return None
    if name in spec.coded:
        return label(spec.coded[name], value)
    if name in spec.worded:
        return _in_words(spec.worded[name], value)
    if column is None:
        return value
    if words := code_words(column.table.name, name, value):
        return words
    typed = from_json(column, value)
    return formats.rate(typed) if isinstance(column.type, Rate) else typed


def _in_words(words: Mapping[Any, Any] | Callable[[Any], Any], value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_in_words(words, one) for one in value]
    return words(value) if callable(words) else str(words.get(value, value))
