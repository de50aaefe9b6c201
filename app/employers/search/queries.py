"""Finding employers."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, case, func, select

from app.core.bigrams import contains
from app.core.db import db
from app.core.permissions import Actor
from app.core.text import search_key
from app.employers.models import Employer
from app.employers.policy import visible_to
from app.employers.search.models import SEARCH_TERMS, TermKind

#: Groups of the result, the surest first; an employer is listed once, under the surest that found it.
GROUPS: tuple[tuple[TermKind, ...], ...] = (
    (TermKind.NAME,),
    (TermKind.FORMER_NAME,),
    (TermKind.USCC,),
    (TermKind.ACCOUNT,),
    (TermKind.PHONE,),
    (TermKind.CONTACT,),
    (TermKind.INITIALS, TermKind.PINYIN),
)
#: Shorter needles of a kind would find nearly everything, or let strangers' numbers be guessed.
SHORTEST = {
    TermKind.PHONE: 4,
    TermKind.USCC: 3,
    TermKind.ACCOUNT: 3,
    TermKind.INITIALS: 2,
    TermKind.PINYIN: 3,
}
DIGITS_ONLY = {TermKind.PHONE, TermKind.ACCOUNT}
LATIN_ONLY = {TermKind.USCC, TermKind.INITIALS, TermKind.PINYIN}


@dataclass(frozen=True)
class Hit:
    employer: Employer
    #: the spelling or masked number that was found
    shown: str


@dataclass
class HitGroup:
    kind: TermKind
    total: int = 0
    hits: list[Hit] = field(default_factory=list)


def kinds_for(needle: str) -> list[TermKind]:
    """Which kinds of term a needle (a search key) can mean."""
    return [kind for kind in TermKind if _may_mean(needle, kind)]


def _may_mean(needle: str, kind: TermKind) -> bool:
    if not needle or len(needle) < SHORTEST.get(kind, 1):
        return False
    if kind in DIGITS_ONLY:
        return needle.isascii() and needle.isdigit()
    return needle.isascii() if kind in LATIN_ONLY else True


def matching(text: str) -> ColumnElement[bool]:
    """The employers that a search text finds, as a condition for lists and exports."""
    needle = search_key(text)
    found = select(SEARCH_TERMS.c.employer_id).where(_finds(needle))
    return Employer.id.in_(found)


def _finds(needle: str) -> ColumnElement[bool]:
    kinds = kinds_for(needle)
    if not kinds:
        return SEARCH_TERMS.c.id.is_(None)
    return and_(SEARCH_TERMS.c.kind.in_(kinds), contains(SEARCH_TERMS, needle))


def search(text: str, actor: Actor | None, per_group: int = 8) -> Sequence[HitGroup]:
    """Employers in the actor's reach that the text finds, by group, the closest first, with counts."""
    needle = search_key(text)
    if not kinds_for(needle):
        return []
    terms = SEARCH_TERMS.c
    group = case({kind: n for n, kinds in enumerate(GROUPS) for kind in kinds}, value=terms.kind)
    closeness = case((terms.text == needle, 0), (terms.text.startswith(needle, autoescape=True), 1), else_=2)
    each = (
        select(
            terms.employer_id,
            terms.shown,
            group.label("group"),
            closeness.label("closeness"),
            terms.text,
            func.row_number()
            .over(partition_by=terms.employer_id, order_by=(group, closeness, terms.text, terms.id))
            .label("nth"),
        )
        .join(Employer, Employer.id == terms.employer_id)
        .where(_finds(needle), visible_to(actor))
        .subquery()
    )
    order = (each.c.closeness, func.length(each.c.text), each.c.text, each.c.employer_id)
    ranked = (
        select(
            each.c.employer_id,
            each.c.shown,
            each.c.group,
            func.count().over(partition_by=each.c.group).label("total"),
            func.row_number().over(partition_by=each.c.group, order_by=order).label("place"),
        )
        .where(each.c.nth == 1)
        .subquery()
    )
    rows = db.session.execute(
        select(Employer, ranked.c.shown, ranked.c.group, ranked.c.total)
        .join(ranked, ranked.c.employer_id == Employer.id)
        .where(ranked.c.place <= per_group)
        .order_by(ranked.c.group, ranked.c.place)
    )
    groups: dict[int, HitGroup] = {}
    for employer, shown, number, total in rows:
        found = groups.setdefault(number, HitGroup(GROUPS[number][0], total))
        found.hits.append(Hit(employer, shown))
    return list(groups.values())
