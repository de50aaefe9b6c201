"""Finding employers."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, literal, or_, select

from app.core.bigrams import narrowed
from app.core.db import AnyRow, db
from app.core.permissions import Actor
from app.core.text import mask_phone, phone_digits, pinyin, search_key
from app.employers.models import Contact, Employer, EmployerContact, FormerName
from app.employers.policy import visible_to
from app.employers.search.models import SEARCH, TermKind

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
FROM_NAMES = {TermKind.FORMER_NAME, TermKind.INITIALS, TermKind.PINYIN}
FROM_PEOPLE = {TermKind.PHONE, TermKind.CONTACT}
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
    return Employer.id.in_(select(SEARCH.c.id).where(_finds(search_key(text))))


def _finds(needle: str) -> ColumnElement[bool]:
    kinds = kinds_for(needle)
    return (
        and_(narrowed(SEARCH, needle), or_(*(_holds(kind, needle) for kind in kinds))) if kinds else false()
    )


def _holds(kind: TermKind, needle: str) -> ColumnElement[bool]:
    return SEARCH.c[kind.value].contains(needle, autoescape=True)


def search(text: str, actor: Actor | None, per_group: int = 8) -> Sequence[HitGroup]:
    """Employers in the actor's reach that the text finds, by group, the closest first, with counts."""
    needle = search_key(text)
    if not kinds_for(needle):
        return []
    each = _found(needle, actor).subquery()
    order = (each.c.closeness, func.length(each.c.text), each.c.text, each.c.id)
    ranked = select(
        each.c.id,
        each.c.kind,
        func.count().over(partition_by=each.c.group).label("total"),
        func.row_number().over(partition_by=each.c.group, order_by=order).label("place"),
        each.c.group,
    ).subquery()
    rows = db.session.execute(
        select(Employer, ranked.c.kind, ranked.c.group, ranked.c.total)
        .join(ranked, ranked.c.id == Employer.id)
        .where(ranked.c.place <= per_group)
        .order_by(ranked.c.group, ranked.c.place)
    ).all()
    former = _former_names([employer.id for employer, kind, *_ in rows if kind in FROM_NAMES])
    people = _people([employer.id for employer, kind, *_ in rows if kind in FROM_PEOPLE])
    groups: dict[int, HitGroup] = {}
    for employer, kind, number, total in rows:
        found = groups.setdefault(number, HitGroup(GROUPS[number][0], total))
        names, persons = [employer.name, *former[employer.id]], people[employer.id]
        shown = _closest(needle, _texts(employer, TermKind(kind), names, persons))
        found.hits.append(Hit(employer, shown))
    return list(groups.values())


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


def _found(needle: str, actor: Actor | None) -> Select[Any]:
    """The employers found: id, group, the kind that found each, its text, and how close that is (0 is equal).

    Of the texts of a kind, the closest counts.
    """
    kinds = [kind for kinds in GROUPS for kind in kinds if kind in kinds_for(needle)]
    number = {kind: n for n, kinds in enumerate(GROUPS) for kind in kinds}

    def by_kind(value: Callable[[TermKind], Any]) -> Any:
        return case(*((_holds(kind, needle), value(kind)) for kind in kinds))

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
        .where(_finds(needle), visible_to(actor))
    )


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
