"""How values read on a page: dates, months, money and counts, in the reader's language.

Each public function is also a template filter of the same name. None reads as a dash, so that an empty
cell never looks like a zero.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date as Date
from datetime import datetime as DateTime
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from typing import Any

from flask import Flask
from flask_babel import LazyString, ngettext
from flask_babel import gettext as _

from app.core.clock import local, today
from app.core.language.i18n import in_chinese
from app.core.language.text import mask_email
from app.core.periods import Period

NOTHING = "—"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CENT = Decimal("0.01")


def date(value: Date | DateTime | None) -> str:
    """2026-11-22, as Chinese offices write it; 22 Nov 2026 in English. Moments are taken in Shanghai."""
    if value is None:
        return NOTHING
    day = local(value).date() if isinstance(value, DateTime) else value
    return day.isoformat() if in_chinese() else f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def moment(value: DateTime | None) -> str:
    """The day and the minute, in Shanghai."""
    return NOTHING if value is None else f"{date(value)} {local(value):%H:%M}"


def clock(value: DateTime | None) -> str:
    """The minute alone, in Shanghai."""
    return NOTHING if value is None else f"{local(value):%H:%M}"


def day(value: Date | DateTime | None) -> str:
    """Today, yesterday and tomorrow by name; other days as `date` shows them."""
    if value is None:
        return NOTHING
    when = local(value).date() if isinstance(value, DateTime) else value
    names = {-1: _("Yesterday"), 0: _("Today"), 1: _("Tomorrow")}
    return names.get((when - today()).days) or date(when)


def due(value: Date | None) -> str:
    """How far a deadline is, in calendar days: "3 days overdue", "due today", "5 days left"."""
    if value is None:
        return NOTHING
    days = (value - today()).days
    if days < 0:
        return str(ngettext("%(num)d day overdue", "%(num)d days overdue", -days))
    if days == 0:
        return str(_("due today"))
    return str(ngettext("%(num)d day left", "%(num)d days left", days))


def due_tone(value: Date | None) -> str:
    """The tone that goes with `due`: danger when overdue, warning up to two days before."""
    if value is None:
        return "neutral"
    days = (value - today()).days
    return "danger" if days < 0 else "warning" if days <= 2 else "neutral"


def period(value: Period | None) -> str:
    """2022年9月, or Sep 2022."""
    if value is None:
        return NOTHING
    return f"{value.year}年{value.month}月" if in_chinese() else f"{_MONTHS[value.month - 1]} {value.year}"


def number(value: float | Decimal | None, digits: int | None = None) -> str:
    """Grouped by thousands; `digits` decimal places, or as many as the value has."""
    if value is None:
        return NOTHING
    return f"{value:,}" if digits is None else f"{_rounded(value, digits):,.{digits}f}"


def money(value: Decimal | int | None) -> str:
    """Yuan with two places and thousands grouped, without a sign: the heading names the unit."""
    return NOTHING if value is None else f"{Decimal(value).quantize(_CENT, ROUND_HALF_UP):,.2f}"


def file_size(octets: int | None) -> str:
    """As file lists write it, in steps of 1,024: 12 B, 3.4 KB, 1.2 MB."""
    if octets is None:
        return NOTHING
    if octets < 1024:
        return f"{number(octets)} B"
    size, unit = (octets / 1024, "KB") if octets < 1024**2 else (octets / 1024**2, "MB")
    return f"{number(Decimal(size), 1)} {unit}"


def short_money(value: Decimal | int | None) -> str:
    """Yuan in the units that people say: 万 and 亿; k and m in English."""
    if value is None:
        return NOTHING
    amount = Decimal(value)
    units = (
        ((Decimal(100_000_000), " 亿元"), (Decimal(10_000), " 万元"), (Decimal(1), " 元"))
        if in_chinese()
        else ((Decimal(1_000_000), "m yuan"), (Decimal(1_000), "k yuan"), (Decimal(1), " yuan"))
    )
    size, unit = next((pair for pair in units if abs(amount) >= pair[0]), units[-1])
    places = 2 if size > 1 or amount % 1 else 0
    return f"{number(amount / size, places)}{unit}"


def percent(value: float | Decimal | None, digits: int = 1) -> str:
    """A fraction as per cent: 0.125 reads 12.5%."""
    return NOTHING if value is None else f"{number(Decimal(str(value)) * 100, digits)}%"


def rate(value: Decimal | None) -> str:
    """A contribution rate: 0.12 reads 12%, 0.125 reads 12.5%."""
    if value is None:
        return NOTHING
    shown = (value * 100).normalize()
    return f"{shown:f}%"


def masked_phone(value: str | None) -> str:
    """138****1234: enough to recognise a number, too little to call it."""
    if not value:
        return NOTHING
    if len(value) < 7:
        return "*" * len(value)
    return f"{value[:3]}{'*' * (len(value) - 7)}{value[-4:]}"


_DIALLED = re.compile(r"(1[3-9]\d{9}|0\d{2,3}-?\d{7,8}|\d{7,8})(?:-(\d{1,6}))?")


def dialled(value: str | None) -> str | None:
    """The address that dials the number, its extension after a pause; None for what is no number."""
    found = _DIALLED.fullmatch(value or "")
    if found is None:
        return None
    return f"tel:{found[1].replace('-', '')}" + (f",{found[2]}" if found[2] else "")


def masked_name(value: str) -> str:
    """王*、王*芳: enough for whoever knows the person."""
    return f"{value[:1]}*{value[2:]}"


def masked_email(value: str | None) -> str:
    """w***@example.org"""
    return mask_email(value) or NOTHING


def display(value: Any) -> str:
    """Any value as a person reads it, by its type; used where a page shows fields it does not know."""
    if value is None:
        return NOTHING
    kind = type(value)
    show = _KNOWN.get(kind)
    if show is None:
        show = _KNOWN[kind] = next(show for known, show in _BY_TYPE if issubclass(kind, known))
    return str(show(value))


def _rounded(value: float | Decimal, digits: int) -> Decimal:
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _joined(values: Iterable[Any]) -> str:
    return ("、" if in_chinese() else ", ").join(display(value) for value in values) or NOTHING


#: In this order, because a datetime is a date and a truth value a number.
_BY_TYPE: tuple[tuple[type | tuple[type, ...], Any], ...] = (
    (bool, lambda value: _("Yes") if value else _("No")),
    (Enum, lambda value: getattr(value, "label", value.value)),
    ((str, LazyString), lambda value: str(value) or NOTHING),
    (DateTime, moment),
    (Date, date),
    (Period, period),
    (Decimal, number),
    ((int, float), number),
    ((list, tuple, set, frozenset), _joined),
    (object, lambda value: getattr(value, "label", value)),
)
#: What `display` has found out, by the type itself: a list asks for each of its cells.
_KNOWN: dict[type, Callable[[Any], object]] = {}

_DAYS = (date, moment, clock, day, due, due_tone, period)
_FIGURES = (number, money, short_money, percent, rate, file_size)
FILTERS = (*_DAYS, *_FIGURES, masked_phone, masked_email, dialled, display)


def init_app(app: Flask) -> None:
    """Make every format a template filter."""
    app.jinja_env.filters.update({function.__name__: function for function in FILTERS})
