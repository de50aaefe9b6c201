"""Working days of the Chinese calendar: weekdays, less the holidays, plus the weekend days worked instead.

The table holds a year's exceptions as people entered or seeded them. A year without rows comes from the
chinesecalendar package; a year that neither knows is refused, because the State Council moves the holidays
anew each year.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain

import chinese_calendar
from flask_babel import lazy_gettext as _l
from sqlalchemy import String, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model, db
from app.core.errors import DomainError


class WorkingDay(Model):
    """An exception to "weekdays are worked": a holiday on a weekday, or a weekend day that is worked."""

    __tablename__ = "working_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    working: Mapped[bool]
    note: Mapped[str] = mapped_column(String(120), default="")


@dataclass(frozen=True)
class Calendar:
    """The exceptions of some years, for many questions at the price of one query."""

    exceptions: Mapping[date, bool]
    entered_years: frozenset[int]
    #: count plain weekdays in a year that is not known yet, instead of refusing
    provisional: bool = False

    def is_working_day(self, day: date) -> bool:
        if day.year in self.entered_years:
            return self.exceptions.get(day, day.weekday() < 5)
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            if self.provisional:
                return day.weekday() < 5
            raise DomainError(
                _l(
                    "The working-day calendar of %(year)s is not entered yet. "
                    "Ask the system administrator to enter that year's holidays.",
                    year=day.year,
                )
            ) from None

    def add(self, day: date, number: int) -> date:
        """The working day that comes `number` working days after (or before, if negative) the day."""
        step = timedelta(days=1 if number >= 0 else -1)
        left = abs(number)
        while left:
            day += step
            left -= self.is_working_day(day)
        return day

    def on_or_after(self, day: date) -> date:
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day


def calendar(*years: int, provisional: bool = False) -> Calendar:
    """Loads the calendar of the given years and of those beside them."""
    around = {year + offset for year in years for offset in (-1, 0, 1)}
    first, last = date(min(around), 1, 1), date(max(around), 12, 31)
    rows = db.session.execute(
        select(WorkingDay.day, WorkingDay.working).where(WorkingDay.day.between(first, last))
    ).all()
    return Calendar(
        {row.day: row.working for row in rows}, frozenset(row.day.year for row in rows), provisional
    )


def is_working_day(day: date) -> bool:
    """Raises DomainError for a year whose calendar is not known."""
    return calendar(day.year).is_working_day(day)


def add_working_days(day: date, number: int, *, provisional: bool = False) -> date:
    """The date `number` working days after the day, which itself does not count.

    Raises DomainError when a year on the way is not known; with `provisional` such a year's weekdays
    count, which is right for a reminder and wrong for a legal time limit.
    """
    return calendar(day.year, provisional=provisional).add(day, number)


def on_or_after(day: date) -> date:
    """The day itself where it is worked, or else the next that is; for tasks and reminders.

    Of a year that is not known its weekdays count.
    """
    return calendar(day.year, provisional=True).on_or_after(day)


def on_or_before(day: date) -> date:
    """The last day by then that is worked: by when to have done what ends with the day."""
    return calendar(day.year, provisional=True).add(day + timedelta(days=1), -1)


@dataclass(frozen=True)
class YearDay:
    """A day of the calendar; `note` says why it is not what its weekday would make it."""

    day: date
    working: bool
    note: str = ""

    @property
    def exceptional(self) -> bool:
        return self.working != (self.day.weekday() < 5)


def days_of(year: int) -> list[YearDay]:
    """Every day of a year. Raises DomainError for a year that is not known."""
    known = calendar(year)
    if year in known.entered_years:
        between = WorkingDay.day.between(date(year, 1, 1), date(year, 12, 31))
        found = db.session.execute(select(WorkingDay.day, WorkingDay.note).where(between))
        notes = {day: note for day, note in found}
    else:
        known.is_working_day(date(year, 1, 1))  # refuses a year that the package does not know either
        notes = {day: _from_package(day)[1] or "" for day in _days_of(year)}
    return [YearDay(day, known.is_working_day(day), notes.get(day, "")) for day in _days_of(year)]


def known_years() -> list[int]:
    """The years that can be reckoned with: those of the package and those entered."""
    entered = {day.year for day in db.session.scalars(select(WorkingDay.day))}
    return sorted(entered | set(_package_years()))


def set_day(day: date, working: bool, note: str = "") -> None:
    """An administrator's correction; the first one in a year takes over that year from the package."""
    if day.year in _package_years() and day.year not in _entered_years():
        seed_years(day.year)
    row = db.session.get(WorkingDay, day) or WorkingDay(day=day)
    row.working, row.note = working, note
    db.session.add(row)
    db.session.flush()


def enter_year(year: int, holidays: Iterable[date], workdays: Iterable[date] = ()) -> None:
    """Enters a year as the State Council announced it: the days off and the weekend days worked."""
    days = [(day, False) for day in holidays] + [(day, True) for day in workdays]
    if not days or any(day.year != year for day, _working in days):
        raise DomainError(_l("Enter at least one holiday, and only days of %(year)s.", year=year))
    for day, working in days:
        db.session.merge(WorkingDay(day=day, working=working, note=""))
    db.session.flush()


def seed_years(*years: int) -> int:
    """Copies years from the package into the table, to be edited there; gives the number of rows."""
    wanted = set(years or _package_years()) - _entered_years()
    rows = [
        {"day": day, "working": working, "note": holiday or ""}
        for day in chain.from_iterable(map(_days_of, sorted(wanted)))
        for working, holiday in [_from_package(day)]
        if working != (day.weekday() < 5)
    ]
    if rows:
        db.session.execute(insert(WorkingDay), rows)
    return len(rows)


def _days_of(year: int) -> Iterable[date]:
    return (date(year, 1, 1) + timedelta(days=n) for n in range(366) if n < 365 or _is_leap(year))


def _is_leap(year: int) -> bool:
    return (date(year, 12, 31) - date(year, 1, 1)).days == 365


def _from_package(day: date) -> tuple[bool, str | None]:
    off, name = chinese_calendar.get_holiday_detail(day)
    return not off, name


def _entered_years() -> set[int]:
    return {day.year for day in db.session.scalars(select(WorkingDay.day))}


def _package_years() -> range:
    days = chinese_calendar.holidays
    return range(min(days).year, max(days).year + 1)
