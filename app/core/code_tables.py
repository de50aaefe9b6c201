"""Tables of codes: standards and the department's own lists, as rows with validity in both languages.

A code that is no longer valid is ended, never deleted: old records go on showing its words, new ones are not
offered it. Each process keeps the tables and asks every few seconds whether they have changed. Codes that the
product itself acts upon (stages, account status) are not here but enums in code.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from time import monotonic
from typing import Any

from flask import Flask, current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Column, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import today
from app.core.criteria.fields import Choice, Field, Kind
from app.core.db import Model, Timestamps, db
from app.core.language.i18n import in_chinese
from app.core.permissions import Actor

#: how long another process may go on with the codes of before
FRESH_SECONDS = 5.0


@dataclass(frozen=True)
class CodeTable:
    """A table that features offer codes of: its name, how long a code may be, and the standard it follows."""

    label: Any
    length: int
    standard: str = ""


#: In the order of the page.
TABLES: Mapping[str, CodeTable] = {
    "unit_type": CodeTable(_l("Unit type"), 3),
    "economic_type": CodeTable(_l("Economic type"), 3, "GB/T 12402-2000"),
    "industry": CodeTable(_l("Industry"), 4, "GB/T 4754-2017"),
    "affiliation": CodeTable(_l("Affiliation"), 2, "GB/T 12404-1997"),
    "operating_status": CodeTable(_l("Operating status"), 2),
    "fact_source": CodeTable(_l("Source of a fact"), 2),
    "arrears_reason": CodeTable(_l("Reason for arrears"), 2),
    "risk": CodeTable(_l("Risk flags"), 2),
    "closing_reason": CodeTable(_l("Reason for closing the account"), 2, "JGJ/T 320-2014 A.3"),
    "bank": CodeTable(_l("Entrusted bank"), 3),
    "opening_document": CodeTable(_l("Papers of an account opening"), 3),
    "closing_document": CodeTable(_l("Papers of closing an account"), 3),
    "change_document": CodeTable(_l("Papers of a change of particulars"), 3),
    "bundle_item": CodeTable(_l("Matters of other agencies"), 3),
    "signing_method": CodeTable(_l("How online signing was done"), 3),
    "signing_refusal": CodeTable(_l("Why online signing was refused"), 3),
    "help_channel": CodeTable(_l("How help was given from afar"), 3),
    "event_kind": CodeTable(_l("Kind of event"), 2),
    "id_type": CodeTable(_l("Type of identity document"), 2, "JGJ/T 320-2014 A.1"),
}


#: the key of a column's `info` that names the tables whose codes it holds
HOLDS = "codes"


def of_table(*names: str) -> dict[str, tuple[str, ...]]:
    """The `info` of a column that holds codes of a table; of several, where another column says of which."""
    if unknown := set(names) - TABLES.keys():
        raise ValueError(f"there is no code table {sorted(unknown)}")
    return {HOLDS: names}


def columns_of(table: str) -> list[Column[Any]]:
    """The columns of all records that hold codes of a table."""
    every = (column for one in db.metadata.sorted_tables for column in one.c)
    return [column for column in every if table in column.info.get(HOLDS, ())]


class CodeValue(Timestamps, Model):
    """One code of a table. Valid from and until these days, both included; None: without limit."""

    __tablename__ = "code_values"
    __table_args__ = (UniqueConstraint("code_table", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code_table: Mapped[str] = mapped_column(String(40))
    code: Mapped[str] = mapped_column(String(20))
    label_zh: Mapped[str] = mapped_column(String(120))
    label_en: Mapped[str] = mapped_column(String(120), default="")
    #: the code above it in the same table
    parent_code: Mapped[str | None] = mapped_column(String(20))
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    sort: Mapped[int] = mapped_column(default=0)

    def valid_on(self, day: date) -> bool:
        return _within(self, day)


@dataclass(frozen=True)
class Code:
    """A code as the processes keep it."""

    code: str
    zh: str
    en: str
    parent: str | None
    valid_from: date | None
    valid_until: date | None

    @property
    def label(self) -> str:
        """In the reader's language; Chinese where nobody has translated it."""
        return self.zh if in_chinese() else self.en or self.zh

    def valid_on(self, day: date) -> bool:
        return _within(self, day)


def _within(one: CodeValue | Code, day: date) -> bool:
    begun = one.valid_from is None or one.valid_from <= day
    return begun and (one.valid_until is None or day <= one.valid_until)


Codes = Mapping[str, Code]
_NONE: Codes = {}


@dataclass
class _Kept:
    tables: dict[str, dict[str, Code]] = field(default_factory=dict)
    version: tuple[Any, ...] = ()
    looked_at: float = float("-inf")


def codes(table: str) -> Codes:
    """The codes of a table in their order, those no longer valid among them."""
    kept: _Kept = current_app.extensions["code_tables"]
    if monotonic() - kept.looked_at > FRESH_SECONDS:
        _refresh(kept)
    return kept.tables.get(table, _NONE)


def forget() -> None:
    """The next question is answered from the database; after a change."""
    current_app.extensions["code_tables"] = _Kept()


def label(table: str, code: object) -> str:
    """The words of a code in the reader's language; an unknown code as it is, and nothing for none."""
    if not code:
        return ""
    known = codes(table).get(str(code))
    return known.label if known else str(code)


def offered_codes(table: str, keep: str | None = None) -> list[Choice]:
    """The codes valid today with their words, lower levels moved in; and what the record says already."""
    known, day = codes(table), today()
    found = [(code, _line(known, one)) for code, one in known.items() if one.valid_on(day) or code == keep]
    return found if not keep or keep in known else [*found, (keep, keep)]


#: between the levels of an industry, as registries write them: "批发和零售业-零售业-综合零售"
_LEVELS = re.compile(r"[-–—>/\\\\|;→]+")
_WRITTEN = re.compile(r"\s*([A-Z](?![A-Z]))?\s*(\d*)\s*(.*)", re.DOTALL)


def nearest(known: Codes, written: str) -> str | None:
    """The code of a table that a finer code, or its words, belong to; the lowest that is known, else None.

    Of a table of sections and divisions: 5211, F5211, "52 零售业" and "批发和零售业-零售业-百货零售" are 52.
    """
    words = {_plain(one.zh): code for code, one in known.items()}
    found = None
    for part in _LEVELS.split(unicodedata.normalize("NFKC", written).upper()):
        letter, digits, rest = _WRITTEN.fullmatch(part).groups()  # type: ignore[union-attr]
        digits = digits.zfill(2) if digits else ""
        prefixes = (digits[:length] for length in range(len(digits), 1, -1))
        by_code = next((prefix for prefix in prefixes if prefix in known), None)
        by_letter = letter if letter in known else None
        found = by_code or words.get(_plain(rest)) or by_letter or found
    return found


def code_of(known: Codes, written: str) -> str | None:
    """The code that a file means, by code or by words: 3, ０３, 护照 and "03-护照" are all the passport's.

    One of several words will do where no other code has it: of 省（自治区、直辖市） this is 省.
    """
    plain = _plain(unicodedata.normalize("NFKC", written))
    for code, one in known.items():
        words = {_plain(one.zh), _plain(one.en)}
        if plain in (code, *words, *(f"{code}{each}" for each in words)):
            return code
    if plain.isdigit():
        return next((code for code in known if code == plain.zfill(len(code))), None)
    named = [code for code, one in known.items() if plain in map(_plain, _PARTS.split(one.zh))]
    return named[0] if len(named) == 1 else None


#: between words of which each means the code
_PARTS = re.compile(r"[、/（）()]+")


def _plain(words: str) -> str:
    """Words without the marks that some write and others leave out; empty words are nobody's."""
    return "".join(char for char in words.upper() if char.isalnum()) or " "


def code_field(name: str, label: Any, table: str, column: Any, **more: Any) -> Field:
    """A field of criteria: codes by their words, with those below them, also such as are valid no longer."""

    def choices(actor: Actor | None) -> Sequence[Choice]:
        known = codes(table)
        return [(code, _line(known, one, indented=actor is not None)) for code, one in known.items()]

    return Field(
        name, label, Kind.CODED, column, choices=choices, below=below(table), code_table=table, **more
    )


def below(table: str) -> Callable[[Sequence[Any]], list[str]]:
    """A function from codes to these and all below them."""

    def found(wanted: Sequence[Any]) -> list[str]:
        known = codes(table)
        return [*wanted, *(code for code in known if set(wanted) & set(above(known, code)))]

    return found


def above(known: Codes, code: str) -> list[str]:
    """The codes over one, the nearest first; a ring that somebody entered by mistake ends the walk."""
    path: list[str] = []
    one = known.get(code)
    while one and one.parent and one.parent not in path:
        path.append(one.parent)
        one = known.get(one.parent)
    return path


def _line(known: Codes, one: Code, *, indented: bool = True) -> str:
    indent = "　" * len(above(known, one.code)) if indented else ""
    words = f"{indent}{one.code} {one.label}"
    return words if one.valid_on(today()) else str(_("%(code)s (not valid)", code=words))


def _refresh(kept: _Kept) -> None:
    """Reads all tables the first time, and again when their number or the last change differs."""
    if kept.version:
        query = select(func.count(), func.max(CodeValue.updated_at)).select_from(CodeValue)
        if tuple(db.session.execute(query).one()) == kept.version:
            kept.looked_at = monotonic()
            return
    order = (CodeValue.code_table, CodeValue.sort, CodeValue.code)
    tables: dict[str, dict[str, Code]] = {}
    changes = []
    columns = CodeValue.__table__.c
    for row in db.session.execute(select(*columns).order_by(*order)):
        changes.append(row.updated_at)
        tables.setdefault(row.code_table, {})[row.code] = Code(
            row.code, row.label_zh, row.label_en, row.parent_code, row.valid_from, row.valid_until
        )
    kept.tables, kept.version = tables, (len(changes), max(changes, default=None))
    kept.looked_at = monotonic()


def init_app(app: Flask) -> None:
    """The words of codes are at hand in every template: `coded("industry", employer.industry)`."""
    app.extensions["code_tables"] = _Kept()
    app.jinja_env.globals.update(coded=label)
