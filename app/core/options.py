"""Figures that a department sets for itself, such as in how many working days a new handler is welcomed.

A feature declares an `Option` with its usual value in its manifest; an administrator may set another one on
the page of settings. Until then nothing is stored, so that the usual value may change with the product.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model, Timestamps, db
from app.core.errors import DomainError


class Setting(Timestamps, Model):
    """A value that somebody set; `name` is that of the option."""

    __tablename__ = "settings"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[int]


@dataclass(frozen=True)
class Option:
    """A whole number from `low` to `high`. `name` is the feature's, a dot, and its own."""

    name: str
    label: Any
    usual: int
    low: int
    high: int
    unit: Any = ""
    help: Any = ""

    def value(self) -> int:
        """What holds now."""
        found = db.session.get(Setting, self.name)
        return self.usual if found is None else found.value


def values() -> Mapping[str, int]:
    """Every value that was set, by the option's name."""
    return {name: value for name, value in db.session.execute(select(Setting.name, Setting.value))}


def set_value(option: Option, value: int) -> bool:
    """Sets an option; gives whether that changed anything. DomainError outside its bounds."""
    if not option.low <= value <= option.high:
        raise DomainError(
            _l(
                "“%(what)s” lies between %(low)s and %(high)s.",
                what=option.label,
                low=option.low,
                high=option.high,
            )
        )
    if option.value() == value:
        return False
    found = db.session.get(Setting, option.name)
    if found is None:
        db.session.add(Setting(name=option.name, value=value))
    else:
        found.value = value
    db.session.flush()
    return True
