"""How long personal data is kept: rules that features declare, and the department sets (app/personal).

A rule names the records that are due and forgets some of them. Whoever runs it does so in small transactions,
oldest ids first, as often as he likes: what was forgotten is not due any more.
"""

from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from blinker import Namespace
from sqlalchemy import Select

from app.core.clock import local, now

#: sender: the rule's name; names: {contact id: the name it had}. Sent inside the transaction that takes name
#: and numbers away from people; each receiver does the same to its copies.
people_forgotten = Namespace().signal("people-forgotten")
#: what stands where a name was
NOBODY = "—"


@dataclass(frozen=True)
class Retention:
    """`due(before)` selects the ids of what has been over since before that moment; `forget(ids)` deletes
    it, or makes it anonymous, and gives how many records it was. `months` is how long it is kept unless the
    department says otherwise, `least` the shortest it may say. `batch` is how many are forgotten at a time.
    """

    code: str
    title: Any
    #: what goes, what stays, and what counts as the end
    text: Any
    due: Callable[[datetime], Select[int]]
    forget: Callable[[Sequence[int]], int]
    months: int = 24
    least: int = 6
    batch: int = 200


def months_ago(months: int) -> datetime:
    """This moment so many months earlier; on the last day where that month is shorter."""
    here = local(now())
    year, month = divmod(here.year * 12 + here.month - 1 - months, 12)
    day = min(here.day, monthrange(year, month + 1)[1])
    return here.replace(year=year, month=month + 1, day=day)


#: values of stored sentences that are somebody's own words, in which a name may stand anywhere
_WORDS = frozenset({"text", "title", "comment", "note"})


def without_name(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Stored placeholders of a text with this person's name taken out of them, however deep they lie."""

    def cleared(key: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return without_name(value, name)
        if not isinstance(value, str):
            return value
        if key in _WORDS:
            return without_word(value, name)
        return "、".join(NOBODY if part == name else part for part in value.split("、"))

    return {key: cleared(key, value) for key, value in values.items()}


def without_word(words: str, name: str) -> str:
    """Somebody's own words without this name, wherever it stands in them."""
    return words.replace(name, NOBODY) if name else words


def without_names(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The same for several people."""
    found = dict(values)
    for name in names:
        found = without_name(found, name)
    return found
