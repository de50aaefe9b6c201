"""Lists of contacts: who has which role at which employer, and how to reach each.

What a person verified stays: a list that says otherwise is remarked, not believed. Between two lists the
later day wins, whichever is imported first; what a person entered is asked for. Where lines of one list give
one person several mobile numbers, each line holds for its own employer, and of several landlines or
addresses the first by alphabet is kept: whatever the order of the lines, the same comes of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from app.core import signals
from app.core.code_tables import codes
from app.core.db import among, db
from app.core.importing.spec import Context, Line, Plan, Ref, id_of
from app.core.language.text import mask_phone
from app.core.permissions import Actor
from app.employers.models import Contact, ContactRole, EmployerContact
from app.employers.people.policy import LIST, NUMBERS, id_type_of, with_told
from app.employers.people.services import editing, serving
from app.employers.people.services.looking import Looked, Role, employer_of, look
from app.employers.people.services.weighing import plan_document, plan_numbers, refused_document, sealed
from app.employers.search.services import reindex
from app.employers.sources.policy import BY_HAND


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
    looked = look(lines, context)
    for line in lines:
        if known := employer_of(line, looked):
            looked.named[known["id"], line.values["role"]].add(line.values["name"])
    return [_plan(line, looked, context) for line in lines]


def _read_kind(made: Plan) -> None:
    """The kind of document by the code table, with what the department has added to it."""
    if written := made.line.values.get("id_type"):
        found = id_type_of(codes("id_type"), written)
        if found is None:
            made.reject("unknown_code", "id_type", value=written)
        else:
            made.line.values["id_type"] = found


def _plan(line: Line, looked: Looked, context: Context) -> Plan:
    made = Plan(line)
    _read_kind(made)
    employer = employer_of(line, looked)
    if made.reasons:
        return made
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


def _plan_person(made: Plan, employer_id: int, looked: Looked, context: Context) -> None:
    values = made.line.values
    name, mobile = values["name"], values.get("mobile")
    present = looked.roles[employer_id, values["role"]]
    mine = next((one for one in present if one.name == name), None)
    made.extra = Entered(employer_id)
    contact = mine.contact_id if mine else _person(employer_id, values, looked)
    if refused_document(made, contact, looked):
        return
    if _is_anothers(mobile, name, contact, looked):
        made.reject("number_of_another", "mobile")
    elif mine is None:
        _plan_role(made, contact, present, looked, context)
    elif _has_another(mine, mobile, looked, context):
        _plan_another_number(made, mine, looked, context)
    else:
        _plan_again(made, mine, looked, context)


def _person(employer_id: int, values: Mapping[str, Any], looked: Looked) -> int | Ref | None:
    """Whom the ID number means, or name and mobile; else who of that name is there in another role."""
    name, mobile, number = values["name"], values.get("mobile"), values.get("id_number")
    if number and (owner := looked.papers.get(number.number)) and owner[0] == name:
        return owner[1]
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


def _has_another(mine: Role, mobile: str | None, looked: Looked, context: Context) -> bool:
    """The list has given the person another mobile number already, and nobody knows better."""
    given = looked.given.get((mine.contact_id, "mobile"), mobile)
    known = looked.contacts[mine.contact_id]
    better = known["verified_on"] is not None or _is_newer(mine, context) or mine.told_by in BY_HAND
    return mobile not in (None, given) and not better


def _is_newer(role: Role, context: Context) -> bool:
    """Something of the role is known that is later than the list."""
    days = (role.told_on, role.until, role.since, role.named_on)
    return any(day is not None and day > context.as_of for day in days)


def _told(context: Context) -> dict[str, Any]:
    return {"told_by": LIST, "told_on": context.as_of}


def _plan_again(made: Plan, mine: Role, looked: Looked, context: Context) -> None:
    """The person is known in this role: numbers may be new, and that the list says so again is noted."""
    made.record = mine.contact_id
    plan_numbers(made, looked.contacts[mine.contact_id], looked, context)
    plan_document(made, mine.contact_id, looked)
    values: dict[str, Any] = {}
    if mine.since is None and made.line.values.get("since"):
        values["since"] = made.line.values["since"]
    told = {} if mine.told_by in BY_HAND or _is_newer(mine, context) else _told(context)
    made.update(EmployerContact, mine._asdict(), {**values, **told}, beside=not values)


def _plan_another_number(made: Plan, mine: Role, looked: Looked, context: Context) -> None:
    """At this employer the number is another: the role goes over to a record that has it."""
    name, mobile = made.line.values["name"], made.line.values["mobile"]
    made.remark("other_number", "mobile")
    contact = looked.people.get((mobile, name)) or _create(made, looked, context)
    since = made.line.values.get("since") or context.as_of
    _end(made, mine, since, context)
    made.extra.role = _take_up(made, contact, since, context)
    made.extra.leaving = (mine.id,)
    made.record = contact


def _end(made: Plan, role: Role, until: date, context: Context) -> None:
    made.update(EmployerContact, role._asdict(), {"until": until, **_told(context)})


def _take_up(made: Plan, contact: int | Ref, since: date, context: Context) -> Ref:
    link = {"employer_id": made.extra.employer, "role": made.line.values["role"], "since": since}
    return made.create(EmployerContact, {**link, "contact_id": contact, **_told(context)})


def _create(made: Plan, looked: Looked, context: Context) -> Ref:
    """A person nobody has heard of, for this line and those that mean the same."""
    values = made.line.values
    said = {name: value for name in NUMBERS if (value := values.get(name)) is not None}
    number = values.get("id_number")
    document = {} if number is None or number.number in looked.papers else sealed(made)
    told = with_told(None, said, context.as_of, LIST) or None
    columns = {**dict.fromkeys(NUMBERS), **said, "told": told, **document}
    contact = made.create(Contact, {"name": values["name"], **columns})
    if values.get("mobile"):
        looked.people[values["mobile"], values["name"]] = contact
        looked.names.setdefault(values["mobile"], set()).add(values["name"])
    if number is not None and document:
        looked.papers[number.number] = (values["name"], contact)
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
    if _is_gainsaid(made, leaving, looked, context):
        return
    if any(one.since and one.since > since for one in leaving):
        made.reject("older", "since")
        return
    if contact is None:
        contact = _create(made, looked, context)
    elif isinstance(contact, int):
        plan_numbers(made, looked.contacts[contact], looked, context)
        plan_document(made, contact, looked)
    for one in leaving:
        _end(made, one, since, context)
        looked.roles[entered.employer, values["role"]].remove(one)
    entered.role = _take_up(made, contact, since, context)
    entered.leaving = tuple(one.id for one in leaving)
    made.record = contact


def _is_gainsaid(made: Plan, leaving: Sequence[Role], looked: Looked, context: Context) -> bool:
    """A later word says who has the role, or that this person left it; or a person's, who is asked."""
    name = made.line.values["name"]
    left = looked.ended[made.extra.employer, made.line.values["role"]].get(name)
    against = list(leaving) or ([left] if left else [])
    by_hand = [one for one in against if one.told_by in BY_HAND]
    if by_hand:
        made.record = by_hand[0].contact_id
        return not _replaces(made, by_hand[0], context)
    newer = [one for one in against if _is_newer(one, context)]
    if newer:
        made.record = newer[0].contact_id
        made.remark("older_list", "name")
    return bool(newer)


def _replaces(made: Plan, one: Role, context: Context) -> bool:
    """Whether the list's handler takes the place of one whom a person entered, or comes back; it is asked."""
    column, correction, value = ("name", one.name, made.line.values["name"])
    if one.until is not None:
        column, correction, value = ("until", one.until.isoformat(), "—")
    replaced = context.answers.take(made.line.number, column, correction)
    since = (one.told_on or context.as_of).isoformat()
    made.conflict(column, correction, value, since=since, replaced=replaced)
    return replaced


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
