"""Who is counted, who is listed apart, and the buckets of months in arrears."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.options import Option


class Standing(StrEnum):
    """Whether an employer is counted among those that should contribute (domain rule E1), or why not."""

    COUNTED = "counted"
    NEVER_PAID = "never_paid"
    DEFERRED = "deferred"
    SEALED = "sealed"
    CLOSED = "closed"
    OTHER = "other"


STANDING_LABELS = {
    Standing.COUNTED: _l("Should contribute"),
    Standing.NEVER_PAID: _l("Never paid, nothing due"),
    Standing.DEFERRED: _l("Deferred"),
    Standing.SEALED: _l("Sealed"),
    Standing.CLOSED: _l("Account closed"),
    Standing.OTHER: _l("Other account status"),
}

_UNIT = _l("months")
SECOND = Option("arrears.second_bucket", _l("Second bucket of arrears from"), 2, 2, 6, _UNIT)
THIRD = Option("arrears.third_bucket", _l("Third bucket of arrears from"), 4, 3, 12, _UNIT, floor=SECOND)
LONG = Option("arrears.long_bucket", _l("Long arrears from"), 6, 4, 24, _UNIT, floor=THIRD)
LONGEST = Option("arrears.longest_bucket", _l("Longest arrears from"), 12, 6, 60, _UNIT, floor=LONG)
SPEAKS_FOR = Option(
    "arrears.speaks_for", _l("When deferment ends, the latest statement still speaks for"), 62, 1, 366,
    _l("days"), _l("Within them months that fall due then open an arrears case without a new statement."),
)  # fmt: skip
OPTIONS = (SECOND, THIRD, LONG, LONGEST, SPEAKS_FOR)


@dataclass(frozen=True)
class Bucket:
    """Months from `low` to `high`, both included; without `high` all above."""

    low: int
    high: int | None = None

    @property
    def label(self) -> Any:
        if self.high is None:
            return _l("%(low)s months or more", low=self.low)
        if self.high == self.low:
            return _l("%(low)s month", low=self.low) if self.low == 1 else _l("%(low)s months", low=self.low)
        return _l("%(low)s–%(high)s months", low=self.low, high=self.high)

    def holds(self, months: int) -> bool:
        return self.low <= months and (self.high is None or months <= self.high)


def buckets(day: date) -> Sequence[Bucket]:
    """1 | 2–3 | 4+ and, among the last, 6+ and 12+, as they are set for the day; no empty ones."""
    second, third = SECOND.value(day), THIRD.value(day)
    closed = [Bucket(1, second - 1), Bucket(second, third - 1)]
    above = sorted({third, LONG.value(day), LONGEST.value(day)})
    return [*(one for one in closed if one.high and one.low <= one.high), *map(Bucket, above)]
