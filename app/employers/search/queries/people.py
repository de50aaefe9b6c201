"""Finding the people of employers."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from app.core.db import AnyRow, db
from app.core.language.text import mask_phone, phone_digits, pinyin, search_key, without_country
from app.core.permissions import Actor
from app.core.searching import COUNT_CAP, said
from app.employers.models import Contact, Employer, EmployerContact
from app.employers.policy import visible_to
from app.employers.search.models import SEARCH, TermKind
from app.employers.search.policy import OF_PEOPLE, may_mean
from app.employers.search.queries.ways import hits, way_to


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
    needle = search_key(without_country(text))
    kinds = [kind for kind in OF_PEOPLE if may_mean(needle, kind)]
    if not kinds:
        return []
    reach = select(SEARCH.c.id).join(Employer, Employer.id == SEARCH.c.id).where(visible_to(actor))
    way = way_to(needle, kinds, actor)
    served = hits(reach, needle, kinds, way=way).limit(most).subquery()
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
