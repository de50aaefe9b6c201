"""A month as the fund counts it: 202209."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import total_ordering

#: the years a month may lie in, and how many of them must be left on either side of one that is asked for
FIRST_YEAR, LAST_YEAR, ROOM = 1900, 2999, 3

_FORMS = (
    re.compile(r"^(\d{4})(\d{2})$"),
    re.compile(r"^(\d{4})[-/.](\d{1,2})$"),
    re.compile(r"^(\d{4})\s*年\s*(\d{1,2})\s*月(?:份)?$"),
)


#: the contribution year begins in July
YEAR_BEGINS = 7


def contribution_year(day: date) -> date:
    """The first day of the contribution year, July to June, in which the day lies."""
    return date(day.year if day.month >= YEAR_BEGINS else day.year - 1, YEAR_BEGINS, 1)


@total_ordering
@dataclass(frozen=True, slots=True)
class Period:
    """A calendar month. `Period(2022, 9) + 4 == Period(2023, 1)`; subtracting two periods gives months."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (FIRST_YEAR <= self.year <= LAST_YEAR and 1 <= self.month <= 12):
            raise ValueError(f"not a month: {self.year}-{self.month}")

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Reads 202209, 2022-09, 2022/9 and 2022年9月; raises ValueError for anything else."""
        for form in _FORMS:
            if found := form.match(text.strip()):
                return cls(int(found[1]), int(found[2]))
        raise ValueError(f"not a month: {text!r}")

    @classmethod
    def of(cls, day: date) -> "Period":
        return cls(day.year, day.month)

    @classmethod
    def from_int(cls, yyyymm: int) -> "Period":
        return cls(yyyymm // 100, yyyymm % 100)

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        return date(self.year, self.month, monthrange(self.year, self.month)[1])

    def day(self, number: int) -> date:
        """The numbered day, or the last one of a shorter month."""
        return date(self.year, self.month, min(number, self.last_day.day))

    def __add__(self, months: int) -> "Period":
        index = self._index + months
        return Period(index // 12, index % 12 + 1)

    def __sub__(self, other: "Period") -> int:
        return self._index - other._index

    def __lt__(self, other: "Period") -> bool:
        return self._index < other._index

    def __int__(self) -> int:
        return self.year * 100 + self.month

    def __str__(self) -> str:
        return f"{self.year:04d}{self.month:02d}"

    @property
    def _index(self) -> int:
        return self.year * 12 + self.month - 1


def asked_month(text: str) -> Period:
    """A month that somebody asks for by an address or a form; ValueError for what is none.

    Pages count on from it, up to three years forth and back, so the first and last years are refused too.
    """
    month = Period.parse(text)
    if not FIRST_YEAR + ROOM <= month.year <= LAST_YEAR - ROOM:
        raise ValueError(f"not a month to count from: {text!r}")
    return month


def asked_span(first: str, last: str, usual: Period, months: int) -> tuple[Period, Period]:
    """The months from and to that somebody asks for by an address, the earlier one first.

    What is no month is taken as not asked: `usual` for the last one, and for the first one the `months` that
    end with it.
    """
    until = asked_month_or(last, usual)
    since = asked_month_or(first, until + -(months - 1))
    return min(since, until), max(since, until)


def asked_month_or(text: str, otherwise: Period) -> Period:
    """The month that somebody asks for, or this one where the words are none."""
    try:
        return asked_month(text)
    except ValueError:
        return otherwise
