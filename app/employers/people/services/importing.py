"""Lists of contacts: who has which role at which employer, and how to reach each.

What a person verified stays: a list that says otherwise is remarked, not believed. Where lines of one list
give one person several mobile numbers, each line holds for its own employer, and of several landlines or
addresses the first by alphabet is kept: whatever the order of the lines, the same comes of them.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import select

from app.core import signals
from app.core.bulk import read_rows
from app.core.db import among, db
from app.core.import_spec import Context, Line, Plan, Ref, id_of
from app.core.permissions import Actor
from app.core.text import mask_phone
from app.employers.models import Contact, ContactRole, Employer, EmployerContact
from app.employers.people.services import editing, serving
from app.employers.policy import in_reach
from app.employers.search.services import reindex

#: what a list tells of a person beside the name
TOLD = ("mobile", "landline", "email")
Values = Mapping[str, Any]


class Role(NamedTuple):
    """A present role, and what is known of the person."""

    id: int
    since: date | None
    contact_id: int
    name: str


@dataclass
class Looked:
    """What is known of a chunk's employers and people."""

    employers: dict[str, Values]
    roles: dict[tuple[int, ContactRole], list[Role]]
    contacts: dict[int, dict[str, Any]]
    #: by mobile and name: in the database, and made by this run
    people: dict[tuple[str, str], int | Ref]
    #: whose names each number is recorded under
    names: dict[str, set[str]]
    #: by employer and name, whatever the role: in the database, and made by this run
    here: dict[tuple[int, str], int | Ref]
    #: everybody whom the lines name, by employer and role
    named: dict[tuple[int, ContactRole], set[str]] = field(default_factory=lambda: defaultdict(set))
    #: by person and column: what earlier lines of the list gave
    given: dict[tuple[int, str], str] = field(default_factory=dict)


@dataclass
class Entered:
    """What a line does, for `entered`: a role taken up, those that end with it, a number that changed."""

    employer: int
    role: int | Ref | None = None
    leaving: tuple[int, ...] = ()
    contact: int | None = None
    old_mobile: str | None = None


def plan(lines: Sequence[Line], context: Context) -> list[Plan]:
    """Compares a chunk of a list with the employers and people that are known."""
    looked = _look(lines, context)
    for line in lines:
        if known := _employer(line, looked):
            looked.named[known["id"], line.values["role"]].add(line.values["name"])
    return [_plan(line, looked, context) for line in lines]


def _plan(line: Line, looked: Looked, context: Context) -> Plan:
    made = Plan(line)
    employer = _employer(line, looked)
    if not (line.values.get("uscc") or line.values.get("account_no")):
        made.reject("no_employer")
    elif employer is None:
        made.reject("unknown_employer")
    elif not employer["within_reach"]:
        made.reject("other_branch")
    elif employer["merged_into_id"] is not None:
        made.reject("merged")
    else:
        _plan_person(made, employer["id"], looked, context)
    return made


def _employer(line: Line, looked: Looked) -> Values | None:
    """By the credit code; by the account number only where there is none."""
    key = line.values.get("uscc") or line.values.get("account_no")
    return looked.employers.get(key) if key else None


def _plan_person(made: Plan, employer_id: int, looked: Looked, context: Context) -> None:
    values = made.line.values
    name, mobile = values["name"], values.get("mobile")
    present = looked.roles[employer_id, values["role"]]
    mine = next((one for one in present if one.name == name), None)
    made.extra = Entered(employer_id)
    contact = mine.contact_id if mine else _person(employer_id, name, mobile, looked)
    if _is_anothers(mobile, name, contact, looked):
        made.reject("number_of_another", "mobile")
    elif mine is None:
        _plan_role(made, contact, present, looked, context)
    elif _has_another(mine, mobile, looked):
        _plan_another_number(made, mine, looked, context)
    else:
        made.record = contact
        _plan_numbers(made, looked.contacts[mine.contact_id], looked)
        if mine.since is None and values.get("since"):
            made.update(EmployerContact, {"id": mine.id, "since": None}, {"since": values["since"]})


def _person(employer_id: int, name: str, mobile: str | None, looked: Looked) -> int | Ref | None:
    """Whom name and number mean, else who of that name is at the employer already, in another role."""
    if mobile and (found := looked.people.get((mobile, name))) is not None:
        return found
    found = looked.here.get((employer_id, name))
    known = looked.contacts[found]["mobile"] if isinstance(found, int) else None
    return found if mobile is None or known in (None, mobile) else None


def _is_anothers(mobile: str | None, name: str, contact: int | Ref | None, looked: Looked) -> bool:
    """The number is recorded under another name only, and was not this person's before."""
    if mobile is None or not looked.names.get(mobile, set()) - {name}:
        return False
    if isinstance(contact, int):
        return bool(looked.contacts[contact]["mobile"] != mobile)
    return (mobile, name) not in looked.people


def _has_another(mine: Role, mobile: str | None, looked: Looked) -> bool:
    """The list has given the person another mobile number already, and none was verified."""
    given = looked.given.get((mine.contact_id, "mobile"), mobile)
    return mobile not in (None, given) and looked.contacts[mine.contact_id]["verified_on"] is None


def _plan_another_number(made: Plan, mine: Role, looked: Looked, context: Context) -> None:
    """At this employer the number is another: the role goes over to a record that has it."""
    name, mobile = made.line.values["name"], made.line.values["mobile"]
    since = made.line.values.get("since") or context.as_of
    made.remark("other_number", "mobile")
    contact = looked.people.get((mobile, name)) or _create(made, looked)
    made.update(EmployerContact, {"id": mine.id, "until": None}, {"until": since})
    link = {"employer_id": made.extra.employer, "role": made.line.values["role"], "since": since}
    made.extra.role = made.create(EmployerContact, {**link, "contact_id": contact})
    made.extra.leaving = (mine.id,)
    made.record = contact


def _create(made: Plan, looked: Looked) -> Ref:
    """A person nobody has heard of, for this line and those that mean the same."""
    values = made.line.values
    contact = made.create(Contact, {"name": values["name"], **{one: values.get(one) for one in TOLD}})
    if values.get("mobile"):
        looked.people[values["mobile"], values["name"]] = contact
        looked.names.setdefault(values["mobile"], set()).add(values["name"])
    looked.here[made.extra.employer, values["name"]] = contact
    return contact


def _plan_role(
    made: Plan, contact: int | Ref | None, present: Sequence[Role], looked: Looked, context: Context
) -> None:
    """Somebody takes up the role; a new handler takes the place of those whom the list does not name."""
    values, entered = made.line.values, made.extra
    since = values.get("since") or context.as_of
    leaving: list[Role] = []
    if values["role"] is ContactRole.HANDLER:
        named = looked.named[entered.employer, values["role"]]
        leaving = [one for one in present if one.name not in named]
    if any(one.since and one.since > since for one in leaving):
        made.reject("older", "since")
        return
    if contact is None:
        contact = _create(made, looked)
    elif isinstance(contact, int):
        _plan_numbers(made, looked.contacts[contact], looked)
    for one in leaving:
        made.update(EmployerContact, {"id": one.id, "until": None}, {"until": since})
        looked.roles[entered.employer, values["role"]].remove(one)
    link = {"employer_id": entered.employer, "contact_id": contact, "role": values["role"], "since": since}
    entered.role = made.create(EmployerContact, link)
    entered.leaving = tuple(one.id for one in leaving)
    made.record = contact


def _plan_numbers(made: Plan, known: dict[str, Any], looked: Looked) -> None:
    """The list's numbers, but for those of a person whose mobile was verified: that stays."""
    told = {name: value for name in TOLD if (value := made.line.values.get(name)) is not None}
    told = {name: min(value, looked.given.get((known["id"], name), value)) for name, value in told.items()}
    looked.given.update({(known["id"], name): value for name, value in told.items()})
    new = {name: value for name, value in told.items() if value != known[name]}
    kept = [name for name in new if known["verified_on"] is not None and known[name] is not None]
    for name in kept:
        made.remark("verified_stays", name)
        del new[name]
    if "mobile" in new:
        made.extra.contact, made.extra.old_mobile = known["id"], known["mobile"]
        looked.people.pop((known["mobile"] or "", known["name"]), None)
        looked.people[new["mobile"], known["name"]] = known["id"]
        new["invalid_since"] = None
    if new:
        made.update(Contact, dict(known), new)
        known.update(new)  # another line of the same person finds it done


def _look(lines: Sequence[Line], context: Context) -> Looked:
    employers = _employers(lines, context.actor)
    roles = _roles([one["id"] for one in employers.values()])
    mobiles = {line.values["mobile"] for line in lines if line.values.get("mobile")}
    names = {one.contact_id for there in roles.values() for one in there}
    contacts = _contacts(mobiles, names)
    people: dict[tuple[str, str], int | Ref] = context.memory.setdefault("people", {})
    known: dict[str, set[str]] = context.memory.setdefault("names", {})
    for one in contacts.values():
        if one["mobile"] in mobiles:
            people[one["mobile"], one["name"]] = one["id"]
            known.setdefault(one["mobile"], set()).add(one["name"])
    here = context.memory.setdefault("here", {})
    here.update({(id_, one.name): one.contact_id for (id_, _role), there in roles.items() for one in there})
    given = context.memory.setdefault("given", {})
    return Looked(employers, roles, contacts, people, known, here, given=given)


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


def _roles(employer_ids: Collection[int]) -> dict[tuple[int, ContactRole], list[Role]]:
    query = (
        select(EmployerContact, Contact.name)
        .join(Contact, Contact.id == EmployerContact.contact_id)
        .where(among(EmployerContact.employer_id, employer_ids), EmployerContact.until.is_(None))
        .where(Contact.merged_into_id.is_(None))
        .order_by(EmployerContact.id)
        .with_only_columns(
            EmployerContact.employer_id,
            EmployerContact.role,
            EmployerContact.id,
            EmployerContact.since,
            EmployerContact.contact_id,
            Contact.name,
        )
    )
    found: dict[tuple[int, ContactRole], list[Role]] = defaultdict(list)
    for employer_id, role, id_, since, contact_id, name in db.session.execute(query):
        found[employer_id, role].append(Role(id_, since, contact_id, name))
    return found


def _contacts(mobiles: Collection[str], ids: Collection[int]) -> dict[int, dict[str, Any]]:
    columns = (getattr(Contact, one) for one in ("id", "name", *TOLD, "verified_on", "invalid_since"))
    query = select(*columns).where(
        among(Contact.mobile, mobiles) | among(Contact.id, ids), Contact.merged_into_id.is_(None)
    )
    return {row["id"]: dict(row) for row in read_rows(query)}


# What follows from what was written ---------------------------------------------------------------


def applied(plans: Sequence[Plan], context: Context) -> None:
    """After a chunk is written: told on the timelines, new handlers to be welcomed, found by the search."""
    employers = {one.extra.employer for one in plans}
    for one in plans:
        entered: Entered = one.extra
        if entered.contact is not None:
            _tell_of_number(entered, one.line.values["mobile"], context.actor)
    _tell_of_roles([one.extra for one in plans], context.actor)
    contacts = [one.extra.contact for one in plans if one.extra.contact is not None]
    shared = select(EmployerContact.employer_id).where(among(EmployerContact.contact_id, contacts))
    reindex(employers | set(db.session.scalars(shared)))


def _tell_of_number(entered: Entered, mobile: str, actor: Actor | None) -> None:
    contact = db.session.get_one(Contact, entered.contact)
    old = mask_phone(entered.old_mobile) or "—"
    editing.tell(contact, editing.NEW_NUMBER, actor, old=old, new=mask_phone(mobile))


def _tell_of_roles(entered: Sequence[Entered], actor: Actor | None) -> None:
    """Where somebody left, the new handler is to be welcomed; where nobody was known, it is only told."""
    roles = {id_of(one.role): one.leaving for one in entered if one.role is not None}
    taken = serving.of_others(serving.handovers(roles), actor)
    serving.tell(taken, actor)
    signals.handlers_changed.send(None, handovers=[one for one in taken if one.leaving], actor=actor)


def removing(table: str, ids: Sequence[int], context: Context) -> None:
    """Undoing: what was to be done because of these roles is not any more."""
    if table == EmployerContact.__tablename__:
        here = select(EmployerContact.employer_id).where(among(EmployerContact.id, ids))
        context.memory.setdefault("left", set()).update(db.session.scalars(here))
        signals.roles_withdrawn.send(None, link_ids=list(ids))


def reverted(restored: Mapping[str, Sequence[int]], context: Context) -> None:
    """Undoing: the search finds people as before."""
    touched = among(EmployerContact.contact_id, restored.get(Contact.__tablename__, ()))
    touched |= among(EmployerContact.id, restored.get(EmployerContact.__tablename__, ()))
    employers = db.session.scalars(select(EmployerContact.employer_id).where(touched))
    reindex({*employers, *context.memory.pop("left", set())})
