"""What is known of the employers and people whom a list names; read in a few statements a chunk."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from app.core.bulk import read_rows, read_tuples
from app.core.db import among, db
from app.core.importing.spec import Context, Line, Ref
from app.core.permissions import Actor
from app.core.personal.sealed import ID_NUMBER, indexes
from app.employers.models import Contact, ContactRole, Employer, EmployerContact
from app.employers.people.policy import NUMBERS
from app.employers.policy import in_reach

_KNOWN = ("id", "name", *NUMBERS, "told", "verified_on", "invalid_since", "id_number_index")
Values = Mapping[str, Any]


class Role(NamedTuple):
    """A present role, or one that ended; and what is known of the person."""

    id: int
    since: date | None
    contact_id: int
    name: str
    until: date | None
    told_by: str | None
    told_on: date | None
    #: until when statements have named the person in this role
    named_on: date | None = None


@dataclass
class Looked:
    """What is known of a chunk's employers and people."""

    employers: dict[str, Values]
    #: by employer and role: who has it now, and by name who had it last
    roles: dict[tuple[int, ContactRole], list[Role]]
    ended: dict[tuple[int, ContactRole], dict[str, Role]]
    contacts: dict[int, dict[str, Any]]
    #: by mobile and name: in the database, and made by this run
    people: dict[tuple[str, str], int | Ref]
    #: whose names each number is recorded under
    names: dict[str, set[str]]
    #: by employer and name, whatever the role: in the database, and made by this run
    here: dict[tuple[int, str], int | Ref]
    #: by ID number: name and record, in the database, and made by this run
    papers: dict[str, tuple[str, int | Ref]]
    #: everybody whom the lines name, by employer and role
    named: dict[tuple[int, ContactRole], set[str]] = field(default_factory=lambda: defaultdict(set))
    #: by person and column: what earlier lines of the list gave
    given: dict[tuple[int, str], str] = field(default_factory=dict)


def look(lines: Sequence[Line], context: Context) -> Looked:
    """Reads everything that planning the chunk asks for."""
    employers = _employers(lines, context.actor)
    roles, ended = _roles([one["id"] for one in employers.values()])
    mobiles = {line.values["mobile"] for line in lines if line.values.get("mobile")}
    numbers = _indexes(line.values.get("id_number") for line in lines)
    contacts = _contacts(mobiles, {one.contact_id for there in roles.values() for one in there}, numbers)
    for contact_id, mobile_on, landline_on in numbers_named(contacts):
        contacts[contact_id] |= {"mobile_on": mobile_on, "landline_on": landline_on}
    memory = context.memory
    people: dict[tuple[str, str], int | Ref] = memory.setdefault("people", {})
    known: dict[str, set[str]] = memory.setdefault("names", {})
    papers = memory.setdefault("papers", {})
    for one in contacts.values():
        if one["mobile"] in mobiles:
            people[one["mobile"], one["name"]] = one["id"]
            known.setdefault(one["mobile"], set()).add(one["name"])
        if one["id_number_index"] in numbers:
            papers[numbers[one["id_number_index"]]] = (one["name"], one["id"])
    here = memory.setdefault("here", {})
    here.update({(id_, one.name): one.contact_id for (id_, _role), there in roles.items() for one in there})
    given = memory.setdefault("given", {})
    return Looked(employers, roles, ended, contacts, people, known, here, papers, given=given)


def employer_of(line: Line, looked: Looked) -> Values | None:
    """By the credit code; by the account number only where there is none."""
    key = line.values.get("uscc") or line.values.get("account_no")
    return looked.employers.get(key) if key else None


def _employers(lines: Sequence[Line], actor: Actor | None) -> dict[str, Values]:
    """Employers of all branches by credit code and by account number."""
    codes, accounts = (
        {line.values[name] for line in lines if line.values.get(name)} for name in ("uscc", "account_no")
    )
    query = select(
        Employer.id, Employer.uscc, Employer.employer_account_no, Employer.merged_into_id,
        in_reach(actor).label("within_reach"),
    ).where(among(Employer.uscc, codes) | among(Employer.employer_account_no, accounts))  # fmt: skip
    rows = list(read_rows(query))
    found = {row["employer_account_no"]: row for row in rows if row["employer_account_no"]}
    return found | {row["uscc"]: row for row in rows if row["uscc"]}


_Held = dict[tuple[int, ContactRole], list[Role]]
_Ended = dict[tuple[int, ContactRole], dict[str, Role]]


def _roles(employer_ids: Collection[int]) -> tuple[_Held, _Ended]:
    link = EmployerContact
    query = (
        select(link.employer_id, link.role, link.id, link.since, link.contact_id, Contact.name)
        .add_columns(link.until, link.told_by, link.told_on, Employer.handler_named_on)
        .join(Contact, Contact.id == link.contact_id)
        .join(Employer, Employer.id == link.employer_id)
        .where(among(link.employer_id, employer_ids), Contact.merged_into_id.is_(None))
        .order_by(link.id)
    )
    held: _Held = defaultdict(list)
    ended: _Ended = defaultdict(dict)
    for employer_id, role, *rest in db.session.execute(query):
        one = Role(*rest)
        if one.until is None:
            held[employer_id, role].append(one)
        else:
            ended[employer_id, role][one.name] = one
    for (_employer, role), present in held.items():
        # statements speak of the newest handler alone
        others = present[:-1] if role is ContactRole.HANDLER else present
        present[: len(others)] = [one._replace(named_on=None) for one in others]
    return held, ended


def numbers_named(contact_ids: Collection[int]) -> list[tuple[int, date | None, date | None]]:
    """Until when statements have given the mobile and the landline of these people, wherever they handle."""
    link, other = EmployerContact, aliased(EmployerContact)
    newer = select(other.id).where(
        other.employer_id == link.employer_id,
        other.role == link.role,
        other.until.is_(None),
        other.id > link.id,
    )
    query = (
        select(link.contact_id, func.max(Employer.handler_number_on), func.max(Employer.handler_landline_on))
        .join(Employer, Employer.id == link.employer_id)
        .where(among(link.contact_id, contact_ids), link.role == ContactRole.HANDLER, link.until.is_(None))
        .where(Employer.handler_named_on.is_not(None), ~newer.exists())
        .group_by(link.contact_id)
    )
    return [(contact, mobile_on, landline_on) for contact, mobile_on, landline_on in read_tuples(query)]


def _indexes(numbers: Iterable[Any]) -> dict[str, str]:
    """The ID numbers of the lines by what they are found by."""
    return {
        index: one.number for one in numbers if one is not None for index in indexes(one.number, ID_NUMBER)
    }


def _contacts(
    mobiles: Collection[str], ids: Collection[int], numbers: Collection[str]
) -> dict[int, dict[str, Any]]:
    meant = among(Contact.mobile, mobiles) | among(Contact.id, ids)
    if numbers:
        meant |= among(Contact.id_number_index, numbers)
    query = select(*(getattr(Contact, one) for one in _KNOWN)).where(meant, Contact.merged_into_id.is_(None))
    return {row["id"]: dict(row) for row in read_rows(query)}
