"""Handlers by statement: who follows whom, whose number is new, what is told, and how it is taken back.

A line speaks for its own employer, so whoever handles there afterwards has the name and the number that it
says. Another number is the person's new one, at every employer served, until a line of the same month says
otherwise: then the employer of the later line goes over to a record with the number that it says. So each
employer that is named ends with its own line's handler, in whatever order lines and files come. What was
verified stays all the same, and employers that no line names go with the person's record.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.contributions import queries
from app.contributions.policy import month_of
from app.contributions.queries import Handler
from app.core import signals
from app.core.db import among, db
from app.core.importing.spec import Context, Plan, Ref, id_of
from app.core.language.text import mask_phone
from app.core.permissions import Actor
from app.employers.models import Contact, ContactRole, EmployerContact
from app.employers.people.policy import with_told
from app.employers.people.services import editing, serving
from app.employers.search.services import reindex
from app.employers.sources.policy import BY_HAND, STATEMENT

#: a handler as a statement names one: name and mobile
Person = tuple[str, str | None]
People = dict[Person, int | Ref]


@dataclass(frozen=True)
class Meant:
    """Whom a chunk's lines may mean."""

    #: in the database, and those that this run creates
    people: People
    #: the numbers that this run gave to people
    numbers: dict[int, str | None]
    #: by person: the employers whose lines of the month have named that person and number
    named: defaultdict[int, set[int]]


def look(mobiles: Collection[str], renumbered: Collection[Handler], context: Context) -> Meant:
    """Contacts by mobile, and what the month's lines said of the handlers who have another number now."""
    memory = context.memory
    known = Meant(
        memory.setdefault("people", {}),
        memory.setdefault("numbers", {}),
        memory.setdefault("named", defaultdict(set)),
    )
    for (mobile, name), contact_id in queries.contacts_by_mobile(mobiles).items():
        known.people[name, mobile] = contact_id
    others = {one.contact_id for one in renumbered}
    for contact_id, employer_id in queries.named_by(others, month_of(context)) if others else ():
        known.named[contact_id].add(employer_id)
    return known


def plan_handler(
    made: Plan, employer: int | Ref, current: Handler | None, known: Meant, context: Context
) -> None:
    """Ends the old handler's role and opens the new one's; one person of many employers stays one record."""
    name, mobile = made.line.values.get("handler_name"), made.line.values.get("handler_mobile")
    if not name:
        return
    if current is not None and current.name == name:
        if _is_settled(made, employer, current, mobile, known, context):
            return
    elif current is not None and _is_gainsaid(made, current, name, context):
        return
    contact = known.people.get((name, mobile))
    if current is not None:
        ended = {"until": context.as_of, "told_by": STATEMENT, "told_on": context.as_of}
        made.update(EmployerContact, current, ended)
        known.named[current.contact_id].discard(id_of(employer))
        contact = None if contact == current.contact_id else contact  # a dry run renumbers nobody
    if contact is None:
        told = with_told(None, ["mobile"], context.as_of, STATEMENT) if mobile else None
        contact = made.create(Contact, {"name": name, "mobile": mobile, "told": told})
        if mobile:  # people without a mobile are never taken for one another
            known.people[name, mobile] = contact
    if isinstance(contact, int) and isinstance(employer, int):
        known.named[contact].add(employer)
    role = {"contact_id": contact, "role": ContactRole.HANDLER, "since": context.as_of}
    told_by = {"told_by": STATEMENT, "told_on": context.as_of}
    made.create(EmployerContact, {"employer_id": employer, **role, **told_by})


def _is_gainsaid(made: Plan, current: Handler, name: str, context: Context) -> bool:
    """A later word says who handles there; or a person's, who is asked."""
    if current.told_by in BY_HAND:
        since = (current.told_on or context.as_of).isoformat()
        replaced = context.answers.take(made.line.number, "handler_name", current.name)
        made.conflict("handler_name", current.name, name, since=since, replaced=replaced)
        return not replaced
    if current.told_on is not None and current.told_on > context.as_of:
        made.remark("older_list", "handler_name")
        return True
    return False


def _number_stays(made: Plan, current: Handler, number: str | None, mobile: str, context: Context) -> bool:
    """Whether somebody knows better than the line which number the person has; the row says so."""
    teller, day = (current.told or {}).get("mobile", (None, ""))
    if number is None:
        return False
    if current.verified_on is not None:
        made.remark("verified_stays", "handler_mobile")
        return True
    if teller in BY_HAND:
        known = mask_phone(number)
        replaced = context.answers.take(made.line.number, "handler_mobile", known)
        made.conflict("handler_mobile", known, mask_phone(mobile), since=day, replaced=replaced)
        return not replaced
    if day > context.as_of.isoformat():
        made.remark("older_list", "handler_mobile")
        return True
    return False


def _is_settled(
    made: Plan, employer: int | Ref, current: Handler, mobile: str | None, known: Meant, context: Context
) -> bool:
    """Whether the present handler goes on: with the number that is known, or with a new one."""
    number = known.numbers.get(current.contact_id, current.mobile)
    if mobile is not None and mobile != number:
        if _number_stays(made, current, number, mobile, context):
            return True
        if known.people.get((current.name, mobile), current.contact_id) != current.contact_id:
            return False
        if known.named[current.contact_id] - {employer}:
            made.remark("other_number", "handler_mobile")
            return False
        known.people.pop((current.name, number), None)
        known.people[current.name, mobile] = current.contact_id
        known.numbers[current.contact_id] = mobile
        before = {"id": current.contact_id, "mobile": number, "invalid_since": current.invalid_since}
        told = with_told(current.told, ["mobile"], context.as_of, STATEMENT)
        values = {"mobile": mobile, "invalid_since": None, "told": told}
        made.update(Contact, {**before, "told": current.told}, values)
    if mobile is not None and isinstance(employer, int):
        known.named[current.contact_id].add(employer)
    return True


# What follows from what was written ---------------------------------------------------------------


def tell(plans: Sequence[Plan], others: Collection[int], actor: Actor | None) -> None:
    """Numbers and changes of handlers stand on the timelines, and who took over is to be welcomed.

    The first handler of an employer is no change. A statement changes few handlers, and reads them at once.
    `others` are roles that the lines ended and that are no handlers'.
    """
    _tell_numbers(plans, actor)
    changes = {new: [old] for new, old in filter(None, (_change(one, others) for one in plans))}
    if changes:
        taken = serving.of_others(serving.handovers(changes), actor)
        serving.tell(taken, actor)
        signals.handlers_changed.send(None, handovers=taken, actor=actor)


def _change(made: Plan, others: Collection[int]) -> tuple[int, int] | None:
    """The handler's role that a line opened, and the one that it ended."""
    roles = [write for write in made.writes if write.model is EmployerContact]
    opened = [id_of(write.id) for write in roles if write.after.get("role") is ContactRole.HANDLER]
    ended = [id_of(write.id) for write in roles if "until" in write.after and write.id not in others]
    return (opened[0], ended[0]) if opened and ended else None


def _tell_numbers(plans: Sequence[Plan], actor: Actor | None) -> None:
    numbers = {
        id_of(write.id): (write.before["mobile"], write.after["mobile"])
        for one in plans
        for write in one.writes
        if write.model is Contact and write.before is not None and "mobile" in write.after
    }
    if not numbers:
        return
    for contact in db.session.scalars(select(Contact).where(among(Contact.id, numbers))):
        old, new = (mask_phone(one) or "—" for one in numbers[contact.id])
        editing.tell(contact, editing.NEW_NUMBER, actor, old=old, new=new)
    _find_again(among(EmployerContact.contact_id, numbers))


def _find_again(of: Any) -> None:
    reindex(set(db.session.scalars(select(EmployerContact.employer_id).where(of))))


def removing(table: str, ids: Sequence[int], context: Context) -> None:
    """Undoing: nobody need be welcomed in these roles any more."""
    if table == EmployerContact.__tablename__:
        here = select(EmployerContact.employer_id).where(among(EmployerContact.id, ids))
        context.memory.setdefault("left", set()).update(db.session.scalars(here))
        signals.roles_withdrawn.send(None, link_ids=list(ids))


def reverted(restored: Mapping[str, Sequence[int]], context: Context) -> None:
    """Undoing: the search finds people as before."""
    touched = among(EmployerContact.contact_id, restored.get(Contact.__tablename__, ()))
    touched |= among(EmployerContact.id, restored.get(EmployerContact.__tablename__, ()))
    _find_again(touched | among(EmployerContact.employer_id, context.memory.pop("left", set())))
