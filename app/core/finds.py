"""What a feature declares so that the search box finds its records, and what it finds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from app.core.permissions import Actor


@dataclass(frozen=True)
class Hit:
    """`about` tells it from its namesakes: texts and marks as a list's cells have them."""

    title: str
    url: str | None
    about: Sequence[str] = ()


@dataclass(frozen=True)
class Found:
    """The first hits of a kind, how many there are (at most COUNT_CAP, with `more`), and where all are."""

    hits: Sequence[Hit]
    total: int
    more: bool
    url: str


@dataclass(frozen=True)
class SearchKind:
    """`find(text, actor, most)` gives the hits in the actor's reach; its text is not empty."""

    name: str
    label: Any
    #: the page of these records
    endpoint: str
    find: Callable[[str, Actor, int], Found | None]
    order: int = 50
