"""What the page of a record offers to send to its employer, or to many; campaigns bring the ways."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Circle:
    """Some of the employers that a record concerns: those whom its criteria describe.

    `wording` is the code of the ready texts for them; letters are offered where there is one `by_letter`.
    `fits` says whether there is anything to tell them, as the record stands.
    """

    name: str
    label: Any
    criteria: Callable[[Any], Mapping[str, Any]]
    wording: str
    by_letter: bool = False
    fits: Callable[[Any], bool] = lambda _record: True


@dataclass(frozen=True)
class Sendable:
    """Records of a kind (`core.files.attachable.RecordKind`) that are sent to their employer one by one.

    `wording` is the code of the ready texts that say it, an SMS and a letter. `title` names the campaign
    that sends a record, and `values` gives what its text asks authors for, as an author types it; DomainError
    where there is nothing to send. A record that concerns many employers names `circles` of them instead,
    and how that is called.
    """

    kind: str
    wording: str
    title: Callable[[Any], str]
    values: Callable[[Any], Mapping[str, str]]
    circles: Sequence[Circle] = ()
    heading: Any = None
