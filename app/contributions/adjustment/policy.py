"""Who runs the drive, its days, and what submitted bases must be."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from app.contributions.adjustment.models import Adjustment
from app.core.options import Option
from app.core.periods import YEAR_BEGINS
from app.core.permissions import Actor, Grantable
from app.core.rules.rates import Bounds, bounds
from app.employers.models import Employer, Stage
from app.employers.policy import visible_to as employers_visible_to

_WORKING = _l("working days")
CHECK_DAYS = Option("adjustment.check_days", _l("Check submitted bases within"), 5, 1, 60, _WORKING)
AGAIN_DAYS = Option(
    "adjustment.again_days", _l("Have returned bases submitted again within"), 5, 1, 60, _WORKING
)
REMIND_DAYS = Option(
    "adjustment.remind_days", _l("Remind who has not submitted its bases"), 15, 1, 90,
    _l("days before the window closes"),
)  # fmt: skip
OPTIONS = (CHECK_DAYS, AGAIN_DAYS, REMIND_DAYS)
#: who has bases to adjust
STAGES = (Stage.CONTRIBUTING, Stage.IN_ARREARS, Stage.ON_RELIEF)


class Permission(Grantable):
    VIEW = "adjustment:view", _l("See the yearly adjustment of bases")
    WORK = "adjustment:work", _l("Invite employers to the adjustment of bases, and check what they submit")
    OPEN = "adjustment:open", _l("Open the adjustment of bases of a year")


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The rows of employers in the actor's reach."""
    return Adjustment.employer_id.in_(select(Employer.id).where(employers_visible_to(actor)))


def bounds_of(year: int) -> Bounds:
    """Floor and ceiling of a contribution year: what is set for its first day."""
    return bounds(date(year, YEAR_BEGINS, 1))


def year_of(day: date) -> int:
    """The contribution year whose adjustment is on at that day: from May on, the one that begins in July."""
    return day.year if day.month >= YEAR_BEGINS - 2 else day.year - 1


@dataclass(frozen=True)
class Figures:
    """What an employer submits: yuan a month."""

    heads: int
    total_base: Decimal
    lowest: Decimal
    highest: Decimal

    def contradictions(self) -> list[str]:
        """Codes of what cannot be true of any list of employees; empty where the figures fit each other."""
        if self.lowest > self.highest:
            return ["order"]
        if self.heads < 1:
            return ["nobody"]
        if not self.lowest * self.heads <= self.total_base <= self.highest * self.heads:
            return ["total"]
        # one person has one base; of two or more somebody has the lowest and somebody the highest
        least = self.highest + self.lowest * (self.heads - 1)
        most = self.lowest + self.highest * (self.heads - 1)
        return [] if least <= self.total_base <= most else ["total"]

    def outside(self, within: Bounds) -> list[str]:
        """Codes of bounds that are not kept."""
        found = ["below_floor"] if self.lowest < within.lowest_base else []
        return [*found, "above_ceiling"] if self.highest > within.highest_base else found


CONTRADICTIONS = {
    "order": _l("the lowest base is above the highest"),
    "nobody": _l("there are no employees"),
    "total": _l("the total does not fit the number of employees and their lowest and highest base"),
}


def figures_of(row: Adjustment) -> Figures | None:
    if row.heads is None or row.total_base is None or row.lowest is None or row.highest is None:
        return None
    return Figures(row.heads, row.total_base, row.lowest, row.highest)


def objections(row: Adjustment) -> list[Any]:
    """Which bounds of the year the submitted bases do not keep."""
    figures, within = figures_of(row), bounds_of(row.drive.year)
    if figures is None:
        return [_l("Nothing is submitted yet.")]
    texts = {
        "below_floor": _l(
            "The lowest base %(base)s is below the floor of %(bound)s.",
            base=figures.lowest,
            bound=within.lowest_base,
        ),
        "above_ceiling": _l(
            "The highest base %(base)s is above the ceiling of %(bound)s.",
            base=figures.highest,
            bound=within.highest_base,
        ),
    }
    return [texts[code] for code in figures.outside(within)]
