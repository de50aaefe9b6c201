"""What the page of a record offers to send to its employer; campaigns bring the ways to send it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sendable:
    """Records of a kind (`core.files.attachable.RecordKind`) that are sent to their employer one by one.

    `wording` is the code of the ready texts that say it, an SMS and a letter. `title` names the campaign
    that sends a record, and `values` gives what its text asks authors for, as an author types it; DomainError
    where there is nothing to send.
    """

    kind: str
    wording: str
    title: Callable[[Any], str]
    values: Callable[[Any], Mapping[str, str]]
