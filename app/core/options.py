"""Figures that a department sets for itself, such as in how many working days a new handler is welcomed.

A feature declares an `Option` with its usual value in its manifest; the administrator, or a leader of the
whole department, may set another one on the page of settings, from a day on. Until then nothing is stored, so
that the usual value may change with the product. What was reckoned with an earlier value is not reckoned
again. A figure of the contribution year may begin on a day of the running one that has passed: it is often
announced after the year has begun.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import g
from flask_babel import lazy_gettext as _l
from sqlalchemy import CompoundSelect, String, UniqueConstraint, null, select, union_all
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import today
from app.core.db import Model, Timestamps, db
from app.core.errors import DomainError
from app.core.periods import contribution_year
from app.core.permissions import present_actor


class Setting(Timestamps, Model):
    """A value that somebody set before values had days: it holds until the first dated one."""

    __tablename__ = "settings"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[int]


class DatedSetting(Timestamps, Model):
    """The value of an option from a day on, until the next one."""

    __tablename__ = "dated_settings"
    __table_args__ = (UniqueConstraint("name", "valid_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    valid_from: Mapped[date]
    value: Mapped[int]
    #: who set it last; empty: a command, or nobody knows any more
    by_name: Mapped[str] = mapped_column(String(120), default="", server_default="")


#: a value and the first day on which it holds; None: since ever
Dated = tuple[date | None, int]


@dataclass(frozen=True)
class Option:
    """A whole number from `low` to `high`. `name` is the feature's, a dot, and its own.

    With `choices` the number stands for words, which the page offers in its place.
    """

    name: str
    label: Any
    usual: int
    low: int
    high: int
    unit: Any = ""
    help: Any = ""
    choices: Sequence[tuple[int, Any]] = ()
    #: the option that this one must not be less than on any day, such as the floor below a ceiling
    floor: "Option | None" = None
    #: it is announced for a contribution year, often after its first day
    yearly: bool = False

    @property
    def earliest(self) -> date:
        """The first day from which another value may be set today."""
        return contribution_year(today()) if self.yearly else today()

    def value(self, on: date | None = None) -> int:
        """What holds on the day, or today."""
        day = on or today()
        holding = [value for since, value in history().get(self.name, ()) if since is None or since <= day]
        return holding[-1] if holding else self.usual

    def shown(self, value: int) -> str:
        """A value in words, with its unit."""
        words = dict(self.choices).get(value)
        return str(words) if words is not None else f"{value} {self.unit}".strip()


#: Made once: to put it together takes longer than to run it.
_EVERY_VALUE: CompoundSelect[Any] = union_all(
    select(DatedSetting.name, DatedSetting.valid_from, DatedSetting.value),
    select(Setting.name, null().label("valid_from"), Setting.value),
)


def history() -> Mapping[str, list[Dated]]:
    """Every value that was set, by the option's name and in the order of days; read once a request."""
    if (known := g.get("option_values")) is not None:
        found: dict[str, list[Dated]] = known
        return found
    found = {}
    rows: list[Any] = list(db.session.execute(_EVERY_VALUE))
    for name, day, value in rows:
        found.setdefault(name, []).append((day, value))
    for values in found.values():
        values.sort(key=lambda one: one[0] or date.min)
    g.option_values = found
    return found


def forget_values() -> None:
    """What this request has read of options is to be read again."""
    g.pop("option_values", None)


def coming(option: Option) -> list[tuple[date, int]]:
    """The values that will hold from later days on."""
    day = today()
    return [(since, value) for since, value in history().get(option.name, ()) if since and since > day]


def set_value(option: Option, value: int, valid_from: date | None = None) -> bool:
    """Sets an option from a day on, today by default; gives whether that changed anything.

    DomainError outside its bounds, and for a day that has passed: what was done then stays as it was.
    Figures of the contribution year may begin on any day of the running one.
    """
    day = valid_from or today()
    if not option.low <= value <= option.high:
        raise DomainError(
            _l(
                "“%(what)s” lies between %(low)s and %(high)s.",
                what=option.label,
                low=option.low,
                high=option.high,
            )
        )
    if day < option.earliest:
        raise DomainError(_too_early(option))
    forget_values()
    if option.value(day) == value:
        return False
    there = (DatedSetting.name == option.name, DatedSetting.valid_from == day)
    found = db.session.scalars(select(DatedSetting).where(*there)).one_or_none()
    if found is None:
        found = DatedSetting(name=option.name, valid_from=day)
        db.session.add(found)
    actor = present_actor()
    found.value, found.by_name = value, actor.name if actor else ""
    db.session.flush()
    forget_values()
    return True


def _too_early(option: Option) -> Any:
    if option.yearly:
        return _l(
            "“%(what)s” holds from %(day)s on at the earliest, when the contribution year began.",
            what=option.label, day=option.earliest.isoformat(),
        )  # fmt: skip
    return _l("“%(what)s” holds from today on at the earliest.", what=option.label)


def refuse_upside_down(every: Iterable[Option], changed: Collection[Option], since: date) -> None:
    """DomainError where a changed option lies below its floor, or above what it is the floor of, on the day
    or on a later one for which something is announced; it says which, and by what values.
    """
    reasons = [
        _upside_down(one, one.floor, day)
        for one in every
        if one.floor is not None and (one in changed or one.floor in changed)
        for day in _days_upside_down((one, one.floor), since)[:1]
    ]
    if reasons:
        raise DomainError(_l("These settings contradict each other:"), reasons)


def _days_upside_down(pair: tuple[Option, Option], since: date) -> list[date]:
    """The days, from the given one on, from which the upper option is less than the lower one."""
    announced = {day for one in pair for day, _value in history().get(one.name, ()) if day and day > since}
    upper, lower = pair
    return [day for day in (since, *sorted(announced)) if upper.value(day) < lower.value(day)]


def _upside_down(upper: Option, lower: Option, day: date) -> Any:
    return _l(
        "“%(upper)s” (%(high)s) must not be less than “%(lower)s” (%(low)s) on %(day)s.",
        upper=upper.label, high=upper.shown(upper.value(day)),
        lower=lower.label, low=lower.shown(lower.value(day)), day=day.isoformat(),
    )  # fmt: skip


def take_back(option: Option, valid_from: date) -> None:
    """Takes back a value that does not hold yet; DomainError for one that does."""
    there = (DatedSetting.name == option.name, DatedSetting.valid_from == valid_from)
    found = db.session.scalars(select(DatedSetting).where(*there)).one_or_none()
    if found is None or valid_from <= today():
        raise DomainError(_l("Only a setting that does not hold yet can be taken back."))
    db.session.delete(found)
    db.session.flush()
    forget_values()
