"""What the chain of events vouches for, though it lies outside of it: rows by the hundred thousand.

An event that stands for many rows carries a digest of them. A feature that writes such events declares how
they are compared with the rows again (`Feature.proofs`); `flask audit verify` asks each.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

#: the detail of an event that holds digests: for machines, so no page shows it
SEAL = "sealed"


@dataclass(frozen=True)
class Flaw:
    """A record whose rows are not what its event says. `rows`: the first and the last that may differ."""

    record_id: int
    name: str
    reason: str
    rows: tuple[int, int] | None = None


@dataclass(frozen=True)
class Findings:
    """What was compared: how many records hold, which do not, and which no event vouches for."""

    whole: int = 0
    flaws: Sequence[Flaw] = ()
    #: from before digests were kept
    unsealed: Sequence[int] = ()


@dataclass(frozen=True)
class Proof:
    """`check` reads everything once, in constant memory."""

    name: str
    #: what one record is called
    record: Any
    check: Callable[[], Findings]
