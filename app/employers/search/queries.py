"""Finding employers."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    case,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)

from app.core.db import AnyRow, db
from app.core.language.bigrams import Phrase, narrowed, phrase, spreads
from app.core.language.text import mask_phone, phone_digits, pinyin, search_key, search_words
from app.core.permissions import Actor
from app.core.searching import COUNT_CAP, said
from app.employers.models import Contact, Employer, EmployerContact, FormerName
from app.employers.policy import visible_to
from app.employers.queries import sees_few
from app.employers.search.models import MARKS, SEARCH, TermKind
from app.employers.search.policy import GROUPS, OF_PEOPLE, kinds_for, may_mean

#: Lists look up the ids of so many hits; more are found by reading on in the list.
FEW = 5000
FROM_NAMES = {TermKind.FORMER_NAME, TermKind.INITIALS, TermKind.PINYIN}
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


@dataclass(frozen=True)
class _Way:
    """How the rows that hold a needle are come by: by the index, or by looking at everybody in reach."""

    #: no more than are counted hold it, whoever sees them
    few: bool
    #: phrases that the index is no help with
    common: frozenset[Phrase] = frozenset()
    by_reach: bool = False


def _way(needle: str, kinds: Sequence[TermKind], actor: Actor | None) -> _Way:
    """The way of less work, whatever the size of the department and of the reach."""
    held = spreads(SEARCH, [phrase(needle, MARKS[kind]) for kind in kinds], FEW)
    common = frozenset(one for one, spread in held.items() if spread.common)
    few = sum(spread.rows for spread in held.values()) <= COUNT_CAP
    return _Way(few, common, by_reach=bool(common) and sees_few(actor, COUNT_CAP))


def matching(text: str) -> ColumnElement[bool]:
    """The employers that a search text finds, as a condition for lists and exports: that hold all its words.

    What finds few is looked up; what most employers have in common is asked of each as a list comes to it, so
    that the list can end early.
    """
    needle, also = _asked(text)
    kinds = kinds_for(needle)
    if not kinds:
        return false()
    if _finds_few(needle, kinds):
        return Employer.id.in_(_hits(select(SEARCH.c.id).where(also), needle, kinds))
    return select(SEARCH.c.id).where(SEARCH.c.id == Employer.id, _holds(kinds, needle), also).exists()


def _asked(text: str) -> tuple[str, ColumnElement[bool]]:
    """The longest word, which is looked up and ranks what it finds, and that the others are there as well."""
    needle, *others = search_words(text) or [""]
    return needle, and_(true(), *(_holds(kinds_for(word), word) for word in others))


def _finds_few(needle: str, kinds: Sequence[TermKind]) -> bool:
    held = spreads(SEARCH, [phrase(needle, MARKS[kind]) for kind in kinds], FEW)
    return sum(spread.rows for spread in held.values()) <= FEW


def count_matching(text: str, query: Select[Any], actor: Actor | None) -> int | None:
    """How many employers of a query over them a text finds, counted no further than one past COUNT_CAP.

    None where the list does as well by itself: for what finds few, and for who sees few.
    """
    needle, also = _asked(text)
    kinds = kinds_for(needle)
    if not kinds or _finds_few(needle, kinds) or sees_few(actor, COUNT_CAP):
        return None
    way = _way(needle, kinds, None)
    asked = query.with_only_columns(literal(1), maintain_column_froms=True).order_by(None)
    hits = _hits(select(SEARCH.c.id), needle, kinds, way=way)
    hits = hits.where(also, asked.where(Employer.id == SEARCH.c.id).correlate(SEARCH).exists())
    return db.session.scalar(select(func.count()).select_from(hits.limit(COUNT_CAP + 1).subquery()))


def _hits(
    query: Select[Any],
    needle: str,
    kinds: Sequence[TermKind],
    surer: Sequence[TermKind] = (),
    beginning: bool | None = None,
    way: _Way = _Way(few=True),
) -> Select[Any]:
    """The query over SEARCH, left with what holds the needle in a text of the kinds, none of the surer.

    `beginning` leaves only those with a text that begins with it, or (False) only those without.
    """
    wanted = [phrase(needle, MARKS[kind], beginning=bool(beginning)) for kind in kinds]
    without = [phrase(needle, MARKS[kind]) for kind in surer]
    query = query.where(_holds(kinds, needle))
    if surer:
        query = query.where(~_holds(surer, needle))
    if beginning is not None:
        begins = _holds(kinds, f"\n{needle}")
        query = query.where(begins if beginning else ~begins)
        without += [] if beginning else [phrase(needle, MARKS[kind], beginning=True) for kind in kinds]
    return query if way.by_reach else narrowed(query, SEARCH, wanted, without, way.common)


def _holds(kinds: Sequence[TermKind], needle: str) -> ColumnElement[bool]:
    return or_(*(SEARCH.c[kind.value].contains(needle, autoescape=True) for kind in kinds))


def search(text: str, actor: Actor | None, per_group: int = 8) -> Sequence[HitGroup]:
    """Employers in the actor's reach that the text finds, by group, the closest first, with counts."""
    needle, also = _asked(text)
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


def _best(needle: str, actor: Actor | None, per_group: int, also: ColumnElement[bool]) -> Sequence[AnyRow]:
    """The first employers of each group, of everybody found if they are no more than are counted.

    Whoever sees few is told exactly, as all of them are looked at anyway.
    """
    kinds, reach = kinds_for(needle), visible_to(actor) & also
    way = _way(needle, kinds, actor)
    if way.by_reach or way.few:
        hits = _hits(_described(needle, kinds, reach), needle, kinds, way=way)
        rows = db.session.execute(
            _ranked(hits if way.by_reach else hits.limit(COUNT_CAP + 1), per_group)
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


def _found_by_group(needle: str, reach: ColumnElement[bool], way: _Way) -> CompoundSelect[Any]:
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
            first = _hits(query, needle, kinds, surer, True, way).limit(COUNT_CAP + 1)
            begun = first.cte(f"begun_{kinds[0].value}")
            enough = select(func.count()).select_from(begun).scalar_subquery() > COUNT_CAP
            others = _hits(query, needle, kinds, surer, False, way).where(~enough).limit(COUNT_CAP + 1)
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
        held = [(_holds([kind], needle), value(kind)) for kind in others]
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


@dataclass
class PersonHit:
    """Somebody who serves employers in reach now, found by name, pinyin or number."""

    id: int
    name: str
    mobile: str | None
    #: the masked number that was found; empty where the name was
    number: str = ""
    employers: list[str] = field(default_factory=list)


def people(text: str, actor: Actor | None, most: int = COUNT_CAP + 1) -> list[PersonHit]:
    """Who is found at the first `most` employers in reach that have such a contact; the closest first."""
    needle = search_key(text)
    kinds = [kind for kind in OF_PEOPLE if may_mean(needle, kind)]
    if not kinds:
        return []
    reach = select(SEARCH.c.id).join(Employer, Employer.id == SEARCH.c.id).where(visible_to(actor))
    way = _way(needle, kinds, actor)
    served = _hits(reach, needle, kinds, way=way).limit(most).subquery()
    query = (
        select(Contact.id, Contact.name, Contact.mobile, Contact.landline, Employer.name.label("employer"))
        .join(EmployerContact, EmployerContact.contact_id == Contact.id)
        .join(Employer, Employer.id == EmployerContact.employer_id)
        .where(EmployerContact.employer_id.in_(select(served.c.id)), EmployerContact.until.is_(None))
        .order_by(Employer.name)
    )
    found: dict[int, PersonHit] = {}
    for row in db.session.execute(query):
        if row.id not in found and not _is_meant(row, needle, kinds):
            continue
        person = PersonHit(row.id, row.name, row.mobile, _number(row, needle, kinds))
        person = found.setdefault(row.id, person)
        if row.employer not in person.employers:
            person.employers.append(row.employer)
    return sorted(found.values(), key=lambda one: (_distance(needle, one.name), one.name, one.id))


def _distance(needle: str, name: str) -> tuple[bool, bool, bool]:
    """Who is called so, before whose initials they are, before whose pinyin holds it somewhere."""
    initials = pinyin(name).initials
    return needle not in search_key(name), needle != initials, needle not in initials


def _is_meant(person: AnyRow, needle: str, kinds: Sequence[TermKind]) -> bool:
    """The employer's row says that one of its contacts is meant, not which."""
    by_name = TermKind.CONTACT in kinds and said(needle, person.name)
    return by_name or bool(_number(person, needle, kinds))


def _number(person: AnyRow, needle: str, kinds: Sequence[TermKind]) -> str:
    """The number of the person that holds the needle, masked."""
    numbers = [number for number in (person.mobile, person.landline) if number]
    held = (number for number in numbers if TermKind.PHONE in kinds and needle in phone_digits(number))
    return next((mask_phone(number) for number in held), "")
