"""Roles at employers: taking one up, handing it over, ending it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.core import signals, timeline
from app.core.clock import today
from app.core.db import among, db
from app.core.errors import Conflict, DomainError
from app.core.language.i18n import msgid, msgid_of
from app.core.language.text import clean, mask_phone
from app.core.permissions import Actor
from app.employers.models import ROLE_LABELS, Contact, ContactRole, Employer, EmployerContact
from app.employers.people import queries
from app.employers.people.policy import NUMBERS, with_told
from app.employers.people.services import identifying
from app.employers.people.services.editing import ENDPOINT as PERSON_ENDPOINT
from app.employers.people.services.editing import KIND, NEW_NUMBER, Person, refuse_known_number
from app.employers.sources.policy import OFFICE

ENDPOINT = "people.role"
ADDED = msgid("Contact added: %(name)s (%(role)s)")
HANDED_OVER = msgid("Handler: %(old)s → %(name)s")
FOLLOWED = msgid("%(role)s: %(old)s → %(name)s")
ENDED = msgid("Contact ended: %(name)s (%(role)s)")


@dataclass(frozen=True)
class Mandate:
    """From when a person has a role, and the letter that authorises it: its name, and until when it holds."""

    since: date
    authorisation: str | None = None
    authorised_until: date | None = None

    def check(self) -> None:
        """DomainError for days that cannot be."""
        if self.since > today():
            raise DomainError(_l("The day lies in the future."))
        if self.authorised_until and self.authorised_until < self.since:
            raise DomainError(_l("The authorisation ends before the role begins."))


class Handover(NamedTuple):
    """A role that was taken up, and those of its employer that ended with it."""

    link: EmployerContact
    leaving: Sequence[EmployerContact]

    @property
    def before(self) -> EmployerContact | None:
        """The role of the same person until now, who is known by two numbers."""
        name = self.link.contact.name
        return next((one for one in self.leaving if one.contact.name == name), None)


def of_others(handovers: Sequence[Handover], actor: Actor | None) -> list[Handover]:
    """Those in which somebody else took over; that the same person has another number is told there."""
    numbers = [
        timeline.Happening(
            one.link.employer_id,
            NEW_NUMBER,
            {"name": before.contact.name, "old": _masked(before), "new": _masked(one.link)},
            link_id=one.link.contact_id,
        )
        for one in handovers
        if (before := one.before)
    ]
    timeline.record_many(KIND, numbers, actor=actor, endpoint=PERSON_ENDPOINT)
    return [one for one in handovers if one.before is None]


def _masked(link: EmployerContact) -> str:
    return mask_phone(link.contact.mobile) or "—"


def person_for(
    person: Person, actor: Actor, *, chosen_id: int | None = None, another: bool = False
) -> Contact:
    """The record of a person who takes up a role: the one that was chosen, or is meant, or a new one.

    Name and number of a known person, of whatever branch, mean that person. Conflict when the number is
    recorded under another name, unless told that `another` person uses it.
    """
    if chosen_id is not None:
        chosen = queries.find(chosen_id, actor)
        identifying.complete(chosen, person.id_number, person.id_type)
        return chosen
    known = identifying.meant_by(person.id_number, person.name, person.mobile)
    if known is None and person.mobile:
        known = queries.namesake_with(person.mobile, person.name)
    if known is not None:
        return _completed(known, person)
    if not another:
        refuse_known_number(person.mobile, actor)
    made = Contact(
        name=person.name,
        mobile=person.mobile,
        landline=person.landline,
        email=person.email,
        preferred_channel=person.channel,
    )
    made.told = with_told(None, (name for name in NUMBERS if getattr(made, name)), today()) or None
    identifying.complete(made, person.id_number, person.id_type)
    return made


def _completed(contact: Contact, person: Person) -> Contact:
    """What is not known of the person yet is taken from the form; nothing is overwritten."""
    identifying.complete(contact, person.id_number, person.id_type)
    new = [name for name in NUMBERS if getattr(person, name) and not getattr(contact, name)]
    for name in new:
        setattr(contact, name, getattr(person, name))
    contact.told = with_told(contact.told, new, today()) or None
    contact.preferred_channel = contact.preferred_channel or person.channel
    return contact


def take_up(
    employer: Employer,
    contact: Contact,
    role: ContactRole,
    mandate: Mandate,
    actor: Actor,
    leaving: Sequence[EmployerContact] = (),
) -> EmployerContact:
    """The person has the role from that day on; those who leave have it no more.

    A new handler is welcomed: whoever looks after tasks hears of it.
    """
    mandate.check()
    present = [link for link in employer.contacts if link.role is role and link.until is None]
    if any(_same(link.contact, contact) for link in present):
        raise Conflict(_l("%(name)s already has this role.", name=contact.name))
    for old in leaving:
        if old.since and old.since > mandate.since:
            raise DomainError(
                _l(
                    "%(name)s took up the role only on %(day)s: choose that day or a later one.",
                    name=old.contact.name,
                    day=old.since.isoformat(),
                )
            )
        old.until, old.told_by, old.told_on = mandate.since, OFFICE, today()
    link = EmployerContact(
        contact=contact,
        role=role,
        since=mandate.since,
        authorisation=clean(mandate.authorisation or "") or None,
        authorised_until=mandate.authorised_until,
        told_by=OFFICE,
        told_on=today(),
    )
    employer.contacts.append(link)
    db.session.flush()
    taken = [Handover(link, leaving)]
    tell(taken, actor)
    if role is ContactRole.HANDLER:
        signals.handlers_changed.send(None, handovers=taken, actor=actor)
    return link


def _same(one: Contact, other: Contact) -> bool:
    return one is other or (one.name == other.name and one.mobile == other.mobile)


def tell(handovers: Sequence[Handover], actor: Actor | None) -> None:
    """On the employers' timelines: who took up the role, and from whom."""
    timeline.record_many(KIND, map(_happening, handovers), actor=actor, endpoint=ENDPOINT)


def _happening(one: Handover) -> timeline.Happening:
    link, role = one.link, {"msgid": msgid_of(ROLE_LABELS[one.link.role])}
    params: dict[str, Any] = {"name": link.contact.name, "role": role}
    if one.leaving:
        params["old"] = "、".join(old.contact.name for old in one.leaving)
    handler = link.role is ContactRole.HANDLER
    summary = (HANDED_OVER if handler else FOLLOWED) if one.leaving else ADDED
    return timeline.Happening(link.employer_id, summary, params, link_id=link.id)


def handovers(roles: Mapping[int, Sequence[int]]) -> list[Handover]:
    """What an import wrote: ids of roles that were taken up, each with those that ended; read at once."""
    ids = [*roles, *(ended for leaving in roles.values() for ended in leaving)]
    query = select(EmployerContact).where(among(EmployerContact.id, ids))
    found = db.session.scalars(query.options(joinedload(EmployerContact.contact)))
    links = {link.id: link for link in found}
    return [Handover(links[new], [links[old] for old in leaving]) for new, leaving in roles.items()]


def hand_over(
    employer: Employer,
    leaving: Sequence[EmployerContact],
    contact: Contact,
    mandate: Mandate,
    actor: Actor,
) -> EmployerContact:
    """Closes the old handlers' role and opens the new one's. `leaving` are handlers there now."""
    present = queries.handlers_of(employer)
    if any(link not in present for link in leaving):
        raise Conflict(_l("One of these is no handler there any more. Look at the employer again."))
    return take_up(employer, contact, ContactRole.HANDLER, mandate, actor, leaving)


def authorise(link: EmployerContact, authorisation: str, until: date | None) -> None:
    """Notes the letter of authorisation; its scan hangs on the role."""
    if until and link.since and until < link.since:
        raise DomainError(_l("The authorisation ends before the role begins."))
    link.authorisation, link.authorised_until = clean(authorisation) or None, until
    db.session.flush()


def end(link: EmployerContact, until: date, actor: Actor) -> None:
    """The person no longer has this role, as of the day."""
    if link.until is not None:
        raise Conflict(_l("This role has ended already."))
    if until > today() or (link.since and until < link.since):
        raise DomainError(_l("The last day must lie between the first day and today."))
    link.until, link.told_by, link.told_on = until, OFFICE, today()
    params = {"name": link.contact.name, "role": {"msgid": msgid_of(ROLE_LABELS[link.role])}}
    timeline.record(
        link.employer_id, KIND, ENDED, params=params, actor=actor, endpoint=ENDPOINT, link_id=link.id
    )
    db.session.flush()
