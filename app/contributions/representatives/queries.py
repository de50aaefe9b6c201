"""Who is known as legal representative, and whom a line's name or ID number may mean."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from sqlalchemy import select

from app.core.bulk import read_tuples
from app.core.db import among
from app.employers.models import Contact, ContactRole, EmployerContact


class Representative(NamedTuple):
    """The present representative's role (`id`, `until`), and the person."""

    id: int
    until: date | None
    contact_id: int
    name: str
    id_number_index: str | None
    told_by: str | None
    told_on: date | None


def representatives_of(employer_ids: Collection[int]) -> dict[int, Representative]:
    """The present representative of each employer; the newest where there are several."""
    link = EmployerContact
    query = (
        select(link.employer_id, link.id, link.until, Contact.id, Contact.name, Contact.id_number_index)
        .add_columns(link.told_by, link.told_on)
        .join(Contact, Contact.id == link.contact_id)
        .where(among(link.employer_id, employer_ids), link.role == ContactRole.LEGAL_REP)
        .where(link.until.is_(None))
        .order_by(link.id)
    )
    return {row[0]: Representative(*row[1:]) for row in read_tuples(query)}


def left_by(employer_ids: Collection[int]) -> set[int]:
    """Of these employers, those that somebody represented once."""
    link = EmployerContact
    query = select(link.employer_id).where(
        among(link.employer_id, employer_ids), link.role == ContactRole.LEGAL_REP, link.until.is_not(None)
    )
    return {employer_id for (employer_id,) in read_tuples(query)}


def people_at(employer_ids: Collection[int]) -> dict[tuple[int, str], tuple[int, str | None]]:
    """Who has a role at each employer now: the record and the keyed hash of the ID number, by name."""
    link = EmployerContact
    query = (
        select(link.employer_id, Contact.name, Contact.id, Contact.id_number_index)
        .join(Contact, Contact.id == link.contact_id)
        .where(among(link.employer_id, employer_ids), link.until.is_(None), Contact.merged_into_id.is_(None))
        .order_by(link.id)
    )
    return {(employer, name): (contact, index) for employer, name, contact, index in read_tuples(query)}
