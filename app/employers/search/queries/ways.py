"""Which employers hold a needle: the condition, and the way of less work to the rows that meet it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, literal, or_, select, true

from app.core.db import db
from app.core.language.bigrams import Phrase, narrowed, phrase, spreads
from app.core.language.text import search_words
from app.core.permissions import Actor
from app.core.searching import COUNT_CAP
from app.employers.models import Employer
from app.employers.queries import sees_few
from app.employers.search.models import MARKS, SEARCH, TermKind
from app.employers.search.policy import kinds_for

#: Lists look up the ids of so many hits; more are found by reading on in the list.
FEW = 5000


@dataclass(frozen=True)
class Way:
    """How the rows that hold a needle are come by: by the index, or by looking at everybody in reach."""

    #: no more than are counted hold it, whoever sees them
    few: bool
    #: phrases that the index is no help with
    common: frozenset[Phrase] = frozenset()
    by_reach: bool = False


def way_to(needle: str, kinds: Sequence[TermKind], actor: Actor | None) -> Way:
    """The way of less work, whatever the size of the department and of the reach."""
    held = spreads(SEARCH, [phrase(needle, MARKS[kind]) for kind in kinds], FEW)
    common = frozenset(one for one, spread in held.items() if spread.common)
    few = sum(spread.rows for spread in held.values()) <= COUNT_CAP
    return Way(few, common, by_reach=bool(common) and sees_few(actor, COUNT_CAP))


def matching(text: str) -> ColumnElement[bool]:
    """The employers that a search text finds, as a condition for lists and exports: that hold all its words.

    What finds few is looked up; what most employers have in common is asked of each as a list comes to it, so
    that the list can end early.
    """
    needle, also = asked(text)
    kinds = kinds_for(needle)
    if not kinds:
        return false()
    if _finds_few(needle, kinds):
        return Employer.id.in_(hits(select(SEARCH.c.id).where(also), needle, kinds))
    return select(SEARCH.c.id).where(SEARCH.c.id == Employer.id, holds(kinds, needle), also).exists()


def asked(text: str) -> tuple[str, ColumnElement[bool]]:
    """The longest word, which is looked up and ranks what it finds, and that the others are there as well."""
    needle, *others = search_words(text) or [""]
    return needle, and_(true(), *(holds(kinds_for(word), word) for word in others))


def _finds_few(needle: str, kinds: Sequence[TermKind]) -> bool:
    held = spreads(SEARCH, [phrase(needle, MARKS[kind]) for kind in kinds], FEW)
    return sum(spread.rows for spread in held.values()) <= FEW


def count_matching(text: str, query: Select[Any], actor: Actor | None) -> int | None:
    """How many employers of a query over them a text finds, counted no further than one past COUNT_CAP.

    None where the list does as well by itself: for what finds few, and for who sees few.
    """
    needle, also = asked(text)
    kinds = kinds_for(needle)
    if not kinds or _finds_few(needle, kinds) or sees_few(actor, COUNT_CAP):
        return None
    way = way_to(needle, kinds, None)
    listed = query.with_only_columns(literal(1), maintain_column_froms=True).order_by(None)
    found = hits(select(SEARCH.c.id), needle, kinds, way=way)
    found = found.where(also, listed.where(Employer.id == SEARCH.c.id).correlate(SEARCH).exists())
    return db.session.scalar(select(func.count()).select_from(found.limit(COUNT_CAP + 1).subquery()))


def hits(
    query: Select[Any],
    needle: str,
    kinds: Sequence[TermKind],
    surer: Sequence[TermKind] = (),
    beginning: bool | None = None,
    way: Way = Way(few=True),
) -> Select[Any]:
    """The query over SEARCH, left with what holds the needle in a text of the kinds, none of the surer.

    `beginning` leaves only those with a text that begins with it, or (False) only those without.
    """
    wanted = [phrase(needle, MARKS[kind], beginning=bool(beginning)) for kind in kinds]
    without = [phrase(needle, MARKS[kind]) for kind in surer]
    query = query.where(holds(kinds, needle))
    if surer:
        query = query.where(~holds(surer, needle))
    if beginning is not None:
        begins = holds(kinds, f"\n{needle}")
        query = query.where(begins if beginning else ~begins)
        without += [] if beginning else [phrase(needle, MARKS[kind], beginning=True) for kind in kinds]
    return query if way.by_reach else narrowed(query, SEARCH, wanted, without, way.common)


def holds(kinds: Sequence[TermKind], needle: str) -> ColumnElement[bool]:
    return or_(*(SEARCH.c[kind.value].contains(needle, autoescape=True) for kind in kinds))
