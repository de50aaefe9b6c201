"""How far apart two groups are, said no more surely than their numbers allow."""

from dataclasses import dataclass
from math import sqrt

from flask import request
from flask_babel import lazy_gettext as _l

from app.core.options import Option

#: of the standard normal distribution, for 95 of a hundred
Z = 1.959964

DAYS = Option(
    "campaigns.effect_days", _l("The effect of a campaign is looked at after"), 30, 1, 365, _l("days")
)
LEAST = Option(
    "campaigns.effect_least",
    _l("Something is said of an effect from so many people in either group on"),
    30,
    5,
    10_000,
    _l("people"),
)


def asked_days() -> int:
    """The span that the address asks for, or the setting's; within what the setting allows."""
    return max(DAYS.low, min(request.args.get("days", DAYS.value(), type=int), DAYS.high))


@dataclass(frozen=True)
class Group:
    """`acted` of `people` who could."""

    acted: int
    people: int

    @property
    def share(self) -> float:
        """Between 0 and 1; 0 where there is nobody."""
        return self.acted / self.people if self.people else 0.0


def wilson(group: Group) -> tuple[float, float]:
    """The score interval of a share, 95 %; of nobody: everything is possible.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    n, share = group.people, group.share
    if not n:
        return 0.0, 1.0
    centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def newcombe(told: Group, held: Group) -> tuple[float, float]:
    """The interval of the difference of two independent shares, told less held, 95 %.

    R. G. Newcombe, Interval estimation for the difference between independent proportions, Statistics in
    Medicine 17 (1998), method 10: honest for small groups and shares near 0 or 1, where the usual one is not.
    """
    low_told, high_told = wilson(told)
    low_held, high_held = wilson(held)
    difference = told.share - held.share
    low = difference - sqrt((told.share - low_told) ** 2 + (high_held - held.share) ** 2)
    high = difference + sqrt((high_told - told.share) ** 2 + (held.share - low_held) ** 2)
    return max(-1.0, low), min(1.0, high)
