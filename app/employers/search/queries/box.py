"""What the search box says of employers: the first of each group, with counts."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, case, func, literal, select, union_all

from app.core.db import AnyRow, db
from app.core.language.text import mask_phone, phone_digits, pinyin, search_key, search_words
from app.core.permissions import Actor
from app.core.searching import COUNT_CAP
from app.employers.models import Contact, Employer, EmployerContact, FormerName
from app.employers.policy import visible_to
from app.employers.search.models import SEARCH, TermKind
from app.employers.search.policy import GROUPS, kinds_for
from app.employers.search.queries.ways import Way, asked, hits, holds, way_to

FROM_NAMES = {TermKind.FORMER_NAME, TermKind.INITIALS, TermKind.PINYIN}
SHORTEST_SPOKEN = 2
FROM_PEOPLE = {TermKind.PHONE, TermKind.CONTACT}


@dataclass(frozen=True)
class Hit:
    employer: Employer
    #: the spelling or masked number that was found
    shown: str


@dataclass
class HitGroup:
    kind: TermKind
    #: at most COUNT_CAP; whether there are more
    total: int = 0
    more: bool = False
    hits: list[Hit] = field(default_factory=list)


def search(text: str, actor: Actor | None, per_group: int = 8) -> Sequence[HitGroup]:
    """Employers in the actor's reach that the text finds, by group, the closest first, with counts."""
    needle, also = asked(text)
    if not kinds_for(needle):
        return []
    rows = _best(needle, actor, per_group, also)
    former = _former_names([employer.id for employer, kind, *_ in rows if kind in FROM_NAMES])
    people = _people([employer.id for employer, kind, *_ in rows if kind in FROM_PEOPLE])
    groups: dict[int, HitGroup] = {}
    for employer, kind, number, total, _all in rows:
        found = groups.setdefault(
            number, HitGroup(GROUPS[number][0], min(total, COUNT_CAP), total > COUNT_CAP)
        )
        names, persons = [employer.name, *former[employer.id]], people[employer.id]
        shown = _closest(needle, _texts(employer, TermKind(kind), names, persons))
        found.hits.append(Hit(employer, shown))
    return list(groups.values())


def spoken(text: str) -> str:
    """The pinyin by which names of the same sound are found, written with other characters.

    For what finds nothing by its own: a name heard on the telephone, or in traditional characters. Empty for
    letters and digits, and for a single character, which sounds like too many. Of several words, the longest.
    """
    key = next(iter(search_words(text)), "")
    return pinyin(key).full if len(key) >= SHORTEST_SPOKEN and not key.isascii() else ""


def _best(needle: str, actor: Actor | None, per_group: int, also: ColumnElement[bool]) -> Sequence[AnyRow]:
    """The first employers of each group, of everybody found if they are no more than are counted.

    Whoever sees few is told exactly, as all of them are looked at anyway.
    """
    kinds, reach = kinds_for(needle), visible_to(actor) & also
    way = way_to(needle, kinds, actor)
    if way.by_reach or way.few:
        found = hits(_described(needle, kinds, reach), needle, kinds, way=way)
        rows = db.session.execute(
            _ranked(found if way.by_reach else found.limit(COUNT_CAP + 1), per_group)
        ).all()
        if way.by_reach or not rows or rows[0].found <= COUNT_CAP:
            return rows
    return db.session.execute(_ranked(_found_by_group(needle, reach, way), per_group)).all()


def _ranked(hits: CompoundSelect[Any] | Select[Any], per_group: int) -> Select[Any]:
    """The first employers of each group: employer, kind, group, how many that has, and how many all have."""
    each = hits.subquery()
    order = (each.c.closeness, func.length(each.c.text), each.c.text, each.c.id)
    ranked = select(
        each.c.id,
        each.c.kind,
        func.count().over(partition_by=each.c.group).label("total"),
        func.row_number().over(partition_by=each.c.group, order_by=order).label("place"),
        func.count().over().label("found"),
        each.c.group,
    ).subquery()
    return (
        select(Employer, ranked.c.kind, ranked.c.group, ranked.c.total, ranked.c.found)
        .join(ranked, ranked.c.id == Employer.id)
        .where(ranked.c.place <= per_group)
        .order_by(ranked.c.group, ranked.c.place)
    )


def _found_by_group(needle: str, reach: ColumnElement[bool], way: Way) -> CompoundSelect[Any]:
    """The employers of each group: those with a text that begins with the needle, and the others.

    Either gives at most one more than are counted, so that a needle which nearly all have in common costs no
    more than another, and hides none of the other groups. The others are not looked for where enough begin
    with it: there may be none.
    """
    parts, surer = [], list[TermKind]()
    for group in GROUPS:
        kinds = [kind for kind in group if kind in kinds_for(needle)]
        if kinds:
            query = _described(needle, kinds, reach)
            first = hits(query, needle, kinds, surer, True, way).limit(COUNT_CAP + 1)
            begun = first.cte(f"begun_{kinds[0].value}")
            enough = select(func.count()).select_from(begun).scalar_subquery() > COUNT_CAP
            others = hits(query, needle, kinds, surer, False, way).where(~enough).limit(COUNT_CAP + 1)
            parts += [select(begun), select(others.subquery())]
        surer += kinds
    return union_all(*parts)


def _described(needle: str, kinds: Sequence[TermKind], reach: ColumnElement[bool]) -> Select[Any]:
    """Of search rows in reach: id, group, the first kind that holds the needle, how close (0 is equal), text.

    Of the texts of a kind, the closest counts.
    """
    number = {kind: n for n, group in enumerate(GROUPS) for kind in group}

    def by_kind(value: Callable[[TermKind], Any]) -> Any:
        *others, last = kinds
        held = [(holds([kind], needle), value(kind)) for kind in others]
        return case(*held, else_=value(last)) if held else value(last)

    def closeness(kind: TermKind) -> Any:
        text = SEARCH.c[kind.value]
        return case((text.contains(f"\n{needle}\n"), 0), (text.contains(f"\n{needle}"), 1), else_=2)

    return (
        select(
            SEARCH.c.id,
            by_kind(lambda kind: literal(number[kind])).label("group"),
            by_kind(lambda kind: literal(kind.value)).label("kind"),
            by_kind(closeness).label("closeness"),
            by_kind(lambda kind: SEARCH.c[kind.value]).label("text"),
        )
        .join(Employer, Employer.id == SEARCH.c.id)
        .where(reach)
    )


def _former_names(ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    if ids:
        query = select(FormerName.employer_id, FormerName.name).where(FormerName.employer_id.in_(ids))
        for id_, name in db.session.execute(query):
            found[id_].append(name)
    return found


def _people(ids: Sequence[int]) -> dict[int, list[AnyRow]]:
    """Present contacts by employer: name, mobile, landline."""
    found: dict[int, list[AnyRow]] = defaultdict(list)
    if ids:
        query = (
            select(Contact.name, Contact.mobile, Contact.landline, EmployerContact.employer_id)
            .join(EmployerContact)
            .where(EmployerContact.employer_id.in_(ids), EmployerContact.until.is_(None))
        )
        for person in db.session.execute(query):
            found[person.employer_id].append(person)
    return found


def _closest(needle: str, texts: Iterable[tuple[str, str]]) -> str:
    """How the text is shown that the needle found, the closest of several."""
    found = [(key != needle, not key.startswith(needle), key, shown) for key, shown in texts if needle in key]
    return min(found)[3] if found else ""


def _texts(
    employer: Employer, kind: TermKind, names: Sequence[str], people: Sequence[AnyRow]
) -> Iterator[tuple[str, str]]:
    """The searched texts of a kind, each with the spelling or masked number that is shown for it."""
    match kind:
        case TermKind.NAME | TermKind.FORMER_NAME:
            yield from ((search_key(name), name) for name in names)
        case TermKind.USCC | TermKind.ACCOUNT:
            code = (employer.uscc if kind is TermKind.USCC else employer.employer_account_no) or ""
            yield search_key(code), code
        case TermKind.INITIALS:
            yield from ((pinyin(name).initials, name) for name in names)
        case TermKind.PINYIN:
            yield from ((pinyin(name).full, name) for name in names)
        case TermKind.CONTACT:
            yield from ((search_key(person.name), person.name) for person in people)
        case TermKind.PHONE:
            for person in people:
                for number in filter(None, (person.mobile, person.landline)):
                    yield phone_digits(number), f"{person.name} {mask_phone(number)}"
