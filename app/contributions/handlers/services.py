"""Handlers by statement: who follows whom, whose number is new, what is told, and how it is taken back."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from app.contributions import queries
from app.contributions.queries import Handler
from app.core import signals
from app.core.db import among, db
from app.core.import_spec import Context, Plan, Ref, id_of
from app.core.permissions import Actor
from app.core.text import mask_phone
from app.employers.models import Contact, ContactRole, EmployerContact
from app.employers.people.services import editing, serving
from app.employers.search.services import reindex

#: a handler as a statement names one: name and mobile
Person = tuple[str, str | None]
People = dict[Person, int | Ref]


def people(mobiles: Collection[str], context: Context) -> People:
    """Contacts by name and mobile: those in the database, and those that this run creates."""
    remembered: People = context.memory.setdefault("people", {})
    for (mobile, name), contact_id in queries.contacts_by_mobile(mobiles).items():
        remembered[name, mobile] = contact_id
    return remembered


def plan_handler(
    made: Plan, employer: int | Ref, current: Handler | None, known: People, context: Context
) -> None:
    """Ends the old handler's role and opens the new one's; one person of many employers stays one record."""
    name, mobile = made.line.values.get("handler_name"), made.line.values.get("handler_mobile")
    if not name or (current and current.name == name and mobile in (None, current.mobile)):
        return
    person = (name, mobile)
    contact = known.get(person)
    if current is not None and current.name == name and contact in (None, current.contact_id):
        _plan_number(made, current, mobile, known, context)
        return
    if current is not None:
        made.update(EmployerContact, current, {"until": context.as_of})
    if contact is None:
        contact = made.create(Contact, {"name": name, "mobile": mobile})
        if mobile:  # people without a mobile are never taken for one another
            known[person] = contact
    role = {"contact_id": contact, "role": ContactRole.HANDLER, "since": context.as_of}
    made.create(EmployerContact, {"employer_id": employer, **role})


def _plan_number(made: Plan, current: Handler, mobile: str | None, known: People, context: Context) -> None:
    """The same person has another number; what was verified stays, and of two lines the first has it."""
    renumbered: set[int] = context.memory.setdefault("renumbered", set())
    if current.contact_id in renumbered:
        return
    if current.verified_on is not None and current.mobile is not None:
        made.remark("verified_stays", "handler_mobile")
        return
    renumbered.add(current.contact_id)
    known[current.name, mobile] = current.contact_id
    before = {"id": current.contact_id, "mobile": current.mobile, "invalid_since": current.invalid_since}
    made.update(Contact, before, {"mobile": mobile, "invalid_since": None})


# What follows from what was written ---------------------------------------------------------------


def tell(plans: Sequence[Plan], actor: Actor | None) -> None:
    """Numbers and changes of handlers stand on the timelines, and who took over is to be welcomed.

    The first handler of an employer is no change. A statement changes few handlers, and reads them at once.
    """
    _tell_numbers(plans, actor)
    changes = {new: [old] for new, old in filter(None, map(_change, plans))}
    if changes:
        # a person known twice, by two numbers, is nobody new
        taken = [
            one for one in serving.handovers(changes) if one.link.contact.name != one.leaving[0].contact.name
        ]
        serving.tell(taken, actor)
        signals.handlers_changed.send(None, handovers=taken, actor=actor)


def _change(made: Plan) -> tuple[int, int] | None:
    """The role that a line opened, and the one that it ended."""
    roles = [write for write in made.writes if write.model is EmployerContact]
    opened = [id_of(write.id) for write in roles if write.before is None]
    ended = [id_of(write.id) for write in roles if write.before is not None]
    return (opened[0], ended[0]) if opened and ended else None


def _tell_numbers(plans: Sequence[Plan], actor: Actor | None) -> None:
    numbers = {
        id_of(write.id): (write.before["mobile"], write.after["mobile"])
        for one in plans
        for write in one.writes
        if write.model is Contact and write.before is not None
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
