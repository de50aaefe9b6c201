"""Finding employers."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    case,
    false,
    func,
    literal,
    or_,
    select,
    union_all,
)

from app.core.bigrams import narrowed, phrase
from app.core.db import AnyRow, db
from app.core.permissions import Actor
from app.core.searching import COUNT_CAP, said
from app.core.text import mask_phone, phone_digits, pinyin, search_key
from app.employers.models import Contact, Employer, EmployerContact, FormerName
from app.employers.policy import visible_to
from app.employers.search.models import MARKS, SEARCH, TermKind

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
    TermKind.CONTACT_PINYIN: 2,
}
#: What people are found by. Their pinyin finds no employers: its initials would hide those of names.
OF_PEOPLE = (TermKind.CONTACT, TermKind.PHONE, TermKind.CONTACT_PINYIN)
#: Lists look up the ids of so many hits; more are found by reading on in the list.
FEW = 10_000
DIGITS_ONLY = {TermKind.PHONE, TermKind.ACCOUNT}
FROM_NAMES = {TermKind.FORMER_NAME, TermKind.INITIALS, TermKind.PINYIN}
FROM_PEOPLE = {TermKind.PHONE, TermKind.CONTACT}
LATIN_ONLY = {TermKind.USCC, TermKind.INITIALS, TermKind.PINYIN, TermKind.CONTACT_PINYIN}


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


def kinds_for(needle: str) -> list[TermKind]:
    """Which kinds of term of an employer a needle (a search key) can mean."""
    return [kind for group in GROUPS for kind in group if _may_mean(needle, kind)]


def _may_mean(needle: str, kind: TermKind) -> bool:
    if not needle or len(needle) < SHORTEST.get(kind, 1):
        return False
    if kind in DIGITS_ONLY:
        return needle.isascii() and needle.isdigit()
    return needle.isascii() if kind in LATIN_ONLY else True


def matching(text: str) -> ColumnElement[bool]:
    """The employers that a search text finds, as a condition for lists and exports.

    What finds few is looked up; what most employers have in common is asked of each as a list comes to it, so
    that the list can end early.
    """
    needle = search_key(text)
    if not kinds_for(needle):
        return false()
    hits = _hits(select(SEARCH.c.id), needle, kinds_for(needle))
    few = select(func.count()).select_from(hits.limit(FEW + 1).subquery())
    if (db.session.scalar(few) or 0) <= FEW:
        return Employer.id.in_(hits)
    return select(SEARCH.c.id).where(SEARCH.c.id == Employer.id, _holds(kinds_for(needle), needle)).exists()


def _hits(
    query: Select[Any],
    needle: str,
    kinds: Sequence[TermKind],
    surer: Sequence[TermKind] = (),
    beginning: bool | None = None,
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
    return narrowed(query, SEARCH, wanted, without)


def _holds(kinds: Sequence[TermKind], needle: str) -> ColumnElement[bool]:
    return or_(*(SEARCH.c[kind.value].contains(needle, autoescape=True) for kind in kinds))


def search(text: str, actor: Actor | None, per_group: int = 8) -> Sequence[HitGroup]:
    """Employers in the actor's reach that the text finds, by group, the closest first, with counts."""
    needle = search_key(text)
    if not kinds_for(needle):
        return []
    rows = db.session.execute(_ranked(_found_at_once(needle, actor), per_group)).all()
    if rows and rows[0].found > COUNT_CAP:
        rows = db.session.execute(_ranked(_found_by_group(needle, actor), per_group)).all()
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


def _found_at_once(needle: str, actor: Actor | None) -> Select[Any]:
    """Everybody found, if they are no more than are counted: nearly always so."""
    kinds = kinds_for(needle)
    hits = _hits(_described(needle, kinds, visible_to(actor)), needle, kinds)
    return hits.limit(COUNT_CAP + 1)


def _found_by_group(needle: str, actor: Actor | None) -> CompoundSelect[Any]:
    """The employers of each group: those with a text that begins with the needle, and the others.

    Either gives at most one more than are counted, so that a needle which nearly all have in common costs no
    more than another, and hides none of the other groups.
    """
    parts, surer = [], list[TermKind]()
    reach = visible_to(actor)
    for group in GROUPS:
        kinds = [kind for kind in group if kind in kinds_for(needle)]
        if kinds:
            query = _described(needle, kinds, reach)
            for beginning in (True, False):
                hits = _hits(query, needle, kinds, surer, beginning).limit(COUNT_CAP + 1)
                parts.append(select(hits.subquery()))
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
    kinds = [kind for kind in OF_PEOPLE if _may_mean(needle, kind)]
    if not kinds:
        return []
    reach = select(SEARCH.c.id).join(Employer, Employer.id == SEARCH.c.id).where(visible_to(actor))
    served = _hits(reach, needle, kinds).limit(most).subquery()
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
