"""Statements that keep to somebody's reach, put together once for each reach.

To put a statement together and to find it among the compiled ones takes SQLAlchemy longer than most of them
run. What differs from call to call is a `bindparam`; what differs from reader to reader is the reach.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import TypeVar

from app.core.features import Features, current_features
from app.core.permissions import Actor, Role, Scope

S = TypeVar("S")

#: statements kept of each kind, by each process
KEPT = 256


@dataclass(frozen=True)
class Reach:
    """All that somebody's reach and permissions follow from: an actor whom nothing else is known of."""

    id: int
    branch_id: int
    branch_path: str
    scope: Scope
    role_set: frozenset[Role]
    name: str = ""


def once_for_reach(build: Callable[[Actor | None], S]) -> Callable[[Actor | None], S]:
    """For functions that make a statement of an actor's reach, and of nothing that changes by itself.

    Whoever is moved or gets another role or scope has another reach, and so another statement.
    """

    @lru_cache(maxsize=KEPT)
    def kept(_features: Features, reach: Reach | None) -> S:
        return build(reach)

    @wraps(build)
    def found(actor: Actor | None) -> S:
        return kept(current_features(), None if actor is None else _reach(actor))

    return found


def _reach(actor: Actor) -> Reach:
    return Reach(actor.id, actor.branch_id, actor.branch_path, actor.scope, actor.role_set)
