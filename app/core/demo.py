"""The synthetic department: each feature brings its own part, all from one seed and one day."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import TypeVar

from app.core.clock import SHANGHAI, today
from app.core.periods import Period

SEED = 20191130
MONTHS = 24

T = TypeVar("T")


@dataclass(frozen=True)
class Demo:
    """What every part shares. The same day gives the same department."""

    today: date = field(default_factory=today)
    random: Random = field(default_factory=lambda: Random(SEED))

    @property
    def month(self) -> Period:
        return Period.of(self.today)

    @property
    def months(self) -> Sequence[Period]:
        """The months with statements, oldest first; the current one is the last."""
        return [self.month + -back for back in reversed(range(MONTHS))]

    def day_in(self, month: Period) -> date:
        """A day of the month that is not in the future."""
        last = self.today if month == self.month else month.last_day
        return last - timedelta(days=self.random.randrange(last.day))

    def moment(self, day: date) -> datetime:
        """A time in office hours of that day, before now if it is today."""
        hour = 8 if day == self.today else self.random.randrange(9, 17)
        return datetime.combine(day, time(hour, self.random.randrange(60)), SHANGHAI)

    def shares(self, weighted: Sequence[tuple[T, int]]) -> T:
        """One of the values, as often as its weight says."""
        values, weights = zip(*weighted, strict=True)
        chosen: T = self.random.choices(values, weights)[0]
        return chosen


DemoPart = Callable[[Demo], None]
