"""The calendar by months, and the law by versions."""

from calendar import Calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import Select, select

from app.core.clock import today
from app.core.code_tables import TABLES, CodeValue, above, codes
from app.core.db import db
from app.core.errors import NotFound
from app.core.features import current_features
from app.core.language.i18n import msgid
from app.core.options import DatedSetting, Option
from app.core.periods import Period
from app.core.permissions import Actor
from app.core.rules import workdays
from app.core.rules.legal import LegalBasis
from app.core.rules.workdays import YearDay

#: how the package names the holidays that years are seeded with
HOLIDAYS = (
    msgid("New Year's Day"),
    msgid("Spring Festival"),
    msgid("Tomb-sweeping Day"),
    msgid("Labour Day"),
    msgid("Dragon Boat Festival"),
    msgid("National Day"),
    msgid("Mid-autumn Festival"),
)
#: how many years before this one have a tab of their own
YEARS_BACK = 2


@dataclass(frozen=True)
class Month:
    """The weeks of a month from Monday on; None where a week reaches beyond the month."""

    period: Period
    weeks: list[list[YearDay | None]]


def months(year: int) -> list[Month]:
    """The year as twelve months. Raises DomainError for a year that is not known yet."""
    known = {one.day: one for one in workdays.days_of(year)}
    weeks = Calendar(firstweekday=0).monthdatescalendar
    return [
        Month(
            Period.of(date(year, month, 1)),
            [[known[day] if day.month == month else None for day in week] for week in weeks(year, month)],
        )
        for month in range(1, 13)
    ]


def years() -> list[tuple[int, bool]]:
    """The years worth a tab, and whether each is known: the last ones, this one and the next."""
    known, this = set(workdays.known_years()), today().year
    shown = {year for year in known if year >= this - YEARS_BACK} | {this, this + 1}
    return [(year, year in known) for year in sorted(shown)]


@dataclass(frozen=True)
class DatedOption:
    """A value of an option from a day on, with who set it and when; `coming` if that day is still ahead."""

    option: Option
    since: date
    value: str
    coming: bool
    by_name: str
    set_at: datetime


def dated_options() -> list[DatedOption]:
    """Every value that was set for a day, the latest day first."""
    day, known = today(), current_features().options
    query = select(DatedSetting).order_by(DatedSetting.valid_from.desc(), DatedSetting.id.desc())
    return [
        DatedOption(
            option, row.valid_from, option.shown(row.value), row.valid_from > day, row.by_name, row.updated_at
        )
        for row in db.session.scalars(query)
        if (option := known.get(row.name)) is not None
    ]


def legal_bases(_actor: Actor | None) -> Select[LegalBasis]:
    """The law is the same for everybody."""
    return select(LegalBasis)


def legal_basis(basis_id: int) -> LegalBasis:
    """One article as it stood for a time, or NotFound."""
    found = db.session.get(LegalBasis, basis_id)
    if found is None:
        raise NotFound(_("There is no such legal basis."))
    return found


def versions(code: str) -> Sequence[LegalBasis]:
    """Every version of an article, the newest first."""
    query = select(LegalBasis).where(LegalBasis.code == code).order_by(LegalBasis.valid_from.desc())
    return db.session.scalars(query).all()


@dataclass(frozen=True)
class CodeLine:
    """A code on the page of its table; `depth` counts the codes above it."""

    value: CodeValue
    depth: int
    valid: bool


def code_lines(table: str) -> list[CodeLine]:
    """Every code of a table in its order, those no longer valid among them; NotFound for no table."""
    if table not in TABLES:
        raise NotFound(_("There is no such code table."))
    query = select(CodeValue).where(CodeValue.code_table == table)
    known, day = codes(table), today()
    rows = db.session.scalars(query.order_by(CodeValue.sort, CodeValue.code))
    return [CodeLine(row, len(above(known, row.code)), row.valid_on(day)) for row in rows]


def code_value(code_id: int) -> CodeValue:
    """One code, or NotFound."""
    found = db.session.get(CodeValue, code_id)
    if found is None:
        raise NotFound(_("There is no such code."))
    return found
