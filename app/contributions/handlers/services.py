"""Handlers by statement: who follows whom, whose number is new, what is told, and how it is taken back.

A line speaks for its own employer, so whoever handles there afterwards has the name and the number that it
says. Another number is the person's new one, at every employer served, until a line of the same month says
otherwise: then the employer of the later line goes over to a record with the number that it says. So each
employer that is named ends with its own line's handler, in whatever order lines and files come. What was
verified stays all the same, and employers that no line names go with the person's record.

That a line says the same again is kept with the employer, as the day until which statements have said so:
most lines of a month repeat their handler, and a list dated before is not to win because it is imported
later. A statement of an older month speaks of a handler only as far as no later word is known.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import select

from app.contributions import queries
from app.contributions.papers import services as papers
from app.contributions.papers.services import Owners, Paper
from app.contributions.policy import day_of, month_of
from app.contributions.queries import CONFIRMED, Handler, Known
from app.core import signals
from app.core.db import among, db
from app.core.importing.spec import Context, Plan, Ref, id_of
from app.core.language.text import mask_phone
from app.core.permissions import Actor
from app.employers.models import Contact, ContactRole, EmployerContact
from app.employers.people.policy import LIST, with_told
from app.employers.people.services import editing, serving
from app.employers.people.services.looking import numbers_named
from app.employers.search.services import reindex
from app.employers.sources.policy import BY_HAND, STATEMENT

#: a handler as a statement names one: name and mobile
Person = tuple[str, str | None]
LANDLINE, PAPER = "handler_landline", Paper("handler_id_number", "handler_id_type")
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
    #: who handled at an employer before, of the lines that give no number
    former: dict[tuple[int, str], int]
    owners: Owners
    #: by person: the landline that this run has planned
    landlines: dict[int, str]
    #: by person to whom lines give another landline: until when statements have given the one that is known
    landlines_on: dict[int, date | None]


def look(
    mobiles: Collection[str],
    renumbered: Collection[Handler],
    relandlined: Collection[int],
    numberless: Collection[int],
    values: Sequence[Known],
    context: Context,
) -> Meant:
    """Contacts by mobile, and what the month's lines said of the handlers who have another number now."""
    memory = context.memory
    known = Meant(
        memory.setdefault("people", {}),
        memory.setdefault("numbers", {}),
        memory.setdefault("named", defaultdict(set)),
        queries.former_handlers(numberless) if numberless else {},
        papers.owners(PAPER, values, context),
        memory.setdefault("landlines", {}),
        {one: day for one, _mobile_on, day in numbers_named(relandlined)} if relandlined else {},
    )
    for (mobile, name), contact_id in queries.contacts_by_mobile(mobiles).items():
        known.people[name, mobile] = contact_id
    others = {one.contact_id for one in renumbered}
    for contact_id, employer_id in queries.named_by(others, month_of(context)) if others else ():
        known.named[contact_id].add(employer_id)
    return known


def first_named(values: Known, context: Context) -> dict[str, date | None]:
    """`CONFIRMED` of a new employer: until when statements have named its handler, and each number."""
    given = _given(values) if values.get("handler_name") else ()
    return {name: day_of(context) if name in given else None for name in CONFIRMED}


def _given(values: Known) -> tuple[str, ...]:
    """Of `CONFIRMED`, what a line that names a handler speaks of."""
    spoken = (True, values.get("handler_mobile"), values.get(LANDLINE))
    return tuple(name for name, said in zip(CONFIRMED, spoken, strict=True) if said)


class Said(NamedTuple):
    """Which of `CONFIRMED` a line stands for, and whether it is somebody else who handles from now on."""

    names: Collection[str] = ()
    afresh: bool = False


def named_again(said: Said, known: Known, context: Context) -> dict[str, date | None]:
    """The same columns of a known employer, after a line has been planned."""
    forgotten: dict[str, date | None] = dict.fromkeys(CONFIRMED) if said.afresh else {}
    return forgotten | {name: max(known[name] or date.min, day_of(context)) for name in said.names}


def repeated(known: Known, context: Context) -> frozenset[str]:
    """Of these columns, those in which a statement of the month is noted already: another day is no news."""
    first = month_of(context).first_day
    return frozenset(name for name in CONFIRMED if known[name] is not None and known[name] >= first)


def is_outdated(values: Known, known: Known, current: Handler | None, context: Context) -> bool:
    """Whether later statements have named a handler, and all that the line gives is known of that one."""
    if current is not None and current.name == values.get("handler_name"):
        is_news = values.get(PAPER.number) is not None and current.id_number_index is None
        if is_news:
            return False
    return all(known[name] is not None and known[name] >= day_of(context) for name in _given(values))


def plan_handler(
    made: Plan, employer: int | Ref, current: Handler | None, known: Meant, context: Context
) -> Said:
    """Ends the old handler's role and opens the new one's; one person of many employers stays one record.

    Gives what the line stands for: whether the handler, and each number, are those it names.
    """
    name, mobile = made.line.values.get("handler_name"), made.line.values.get("handler_mobile")
    if not name:
        return Said()
    day = day_of(context)
    if current is not None and current.name == name:
        if _is_settled(made, employer, current, mobile, known, context):
            _plan_landline(made, current, known, context)
            person = (current.contact_id, name, current.id_number_index)
            papers.plan(made, PAPER, *person, known.owners)
            return Said(_confirmed(made.line.values, current, known))
    elif current is not None and _is_gainsaid(made, current, name, context):
        return Said()
    contact = known.people.get((name, mobile))
    if mobile is None and isinstance(employer, int):
        contact = known.former.get((employer, name))
    if current is not None:
        ended = {"until": day, "told_by": STATEMENT, "told_on": day}
        made.update(EmployerContact, current, ended)
        known.named[current.contact_id].discard(id_of(employer))
        contact = None if contact == current.contact_id else contact  # a dry run renumbers nobody
    if contact is None:
        landline = made.line.values.get(LANDLINE)
        said = [one for one, given in (("mobile", mobile), ("landline", landline)) if given]
        told = with_told(None, said, day, STATEMENT) or None
        contact = made.create(Contact, {"name": name, "mobile": mobile, "told": told})
        made.writes[-1].after.update({"landline": landline} if landline else {})
        made.writes[-1].after.update(papers.sealed(made, PAPER, name, contact, known.owners))
        if mobile:  # people without a mobile are never taken for one another
            known.people[name, mobile] = contact
    if isinstance(contact, int) and isinstance(employer, int):
        known.named[contact].add(employer)
    role = {"contact_id": contact, "role": ContactRole.HANDLER, "since": day}
    told_by = {"told_by": STATEMENT, "told_on": day}
    made.create(EmployerContact, {"employer_id": employer, **role, **told_by})
    return Said(_given(made.line.values), afresh=current is not None)


def _confirmed(values: Known, current: Handler, known: Meant) -> list[str]:
    """Of `CONFIRMED`, what is as the line says, of a handler who goes on.

    A landline counts as spoken of even if a later word holds: who serves many employers has one, so the day
    of the last word about it has to be the same in whatever order they come.
    """
    teller, _since = (current.told or {}).get("landline", (None, ""))
    as_said = {
        "handler_number_on": known.numbers.get(current.contact_id, current.mobile)
        == values.get("handler_mobile"),
        "handler_landline_on": teller not in BY_HAND
        or known.landlines.get(current.contact_id, current.landline) == values.get(LANDLINE),
    }
    return [name for name in _given(values) if as_said.get(name, True)]


def _is_gainsaid(made: Plan, current: Handler, name: str, context: Context) -> bool:
    """A later word says who handles there, or a list's of the same day; or a person's, who is asked."""
    day = day_of(context)
    if current.told_by in BY_HAND:
        since = (current.told_on or day).isoformat()
        replaced = context.answers.take(made.line.number, "handler_name", current.name)
        made.conflict("handler_name", current.name, name, since=since, replaced=replaced)
        return not replaced
    if _is_later(current.told_by, current.told_on, current.named_on, day):
        made.remark("older_list", "handler_name")
        return True
    return False


def _is_later(teller: str | None, told_on: date | None, confirmed_on: date | None, day: date) -> bool:
    """Whether more recent words than a statement's of the day are known; a list of the day counts more."""
    latest = max(told_on or date.min, confirmed_on or date.min)
    return latest > day or (teller == LIST and told_on == day)


def _number_stays(made: Plan, current: Handler, number: str | None, mobile: str, context: Context) -> bool:
    """Whether somebody knows better than the line which number the person has; the row says so."""
    teller, since = (current.told or {}).get("mobile", (None, ""))
    told_on = date.fromisoformat(since) if since else None
    if number is None:
        return False
    if current.verified_on is not None:
        made.remark("verified_stays", "handler_mobile")
        return True
    if teller in BY_HAND:
        known = mask_phone(number)
        replaced = context.answers.take(made.line.number, "handler_mobile", known)
        made.conflict("handler_mobile", known, mask_phone(mobile), since=since, replaced=replaced)
        return not replaced
    if _is_later(teller, told_on, current.number_on, day_of(context)):
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
        told = with_told(current.told, ["mobile"], day_of(context), STATEMENT)
        values = {"mobile": mobile, "invalid_since": None, "told": told}
        made.update(Contact, {**before, "told": current.told}, values)
    if mobile is not None and isinstance(employer, int):
        known.named[current.contact_id].add(employer)
    return True


def _plan_landline(made: Plan, current: Handler, known: Meant, context: Context) -> None:
    """The landline of a handler who goes on, unless a later word or a person's says another."""
    number, present = (
        made.line.values.get(LANDLINE),
        known.landlines.get(current.contact_id, current.landline),
    )
    if number in (None, present) or current.contact_id in known.landlines:
        return
    teller, since = (current.told or {}).get("landline", (None, ""))
    if present is not None and teller in BY_HAND:
        masked = mask_phone(present)
        replaced = context.answers.take(made.line.number, LANDLINE, masked)
        made.conflict(LANDLINE, masked, mask_phone(number), since=since, replaced=replaced)
        if not replaced:
            return
    elif present is not None and _is_later(
        teller,
        date.fromisoformat(since) if since else None,
        known.landlines_on.get(current.contact_id),
        day_of(context),
    ):
        made.remark("older_list", LANDLINE)
        return
    known.landlines[current.contact_id] = number
    beside = next((one for one in made.writes if one.model is Contact and one.id == current.contact_id), None)
    if beside is not None and beside.before is not None:
        # the mobile is new as well; who told it may be known already
        told = with_told(beside.after.get("told", current.told), ["landline"], day_of(context), STATEMENT)
        beside.before |= {"landline": present, "told": beside.before.get("told", current.told)}
        beside.after |= {"landline": number, "told": told}
    else:
        told = with_told(current.told, ["landline"], day_of(context), STATEMENT)
        before = {"id": current.contact_id, "landline": present, "told": current.told}
        made.update(Contact, before, {"landline": number, "told": told})


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
