"""A measured figure and its goal."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`goal` is a most, or with `at_least` a least; `detail` says what was divided by what."""

    name: str
    value: float
    goal: float
    unit: str = ""
    at_least: bool = False
    detail: str = ""

    @property
    def reached(self) -> bool:
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    def __str__(self) -> str:
        word = "at least" if self.at_least else "at most"
        verdict = "ok" if self.reached else "MISSED"
        detail = f"  ({self.detail})" if self.detail else ""
        goal = f"{word} {self.goal:g}{self.unit}"
        return f"{verdict:<6} {self.name:<44} {self.value:8.2f}{self.unit}  {goal}{detail}"


def p95(seconds: Sequence[float]) -> float:
    """The time that 95 of 100 runs stay below, in the unit given."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
