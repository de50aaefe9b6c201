"""Saved criteria: fields, rules and the condition they make."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Field:
    """A field that rules may name."""

    name: str
    label: Any
    kind: str
    expression: Any
