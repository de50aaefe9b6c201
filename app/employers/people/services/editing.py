"""What is known of a person, and whether the number is good. Each change is told at every employer served."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.audit import services as audit
from app.core import signals, timeline
from app.core.clock import today
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.language.i18n import msgid, msgid_of
from app.core.language.text import mask_phone, phone_digits
from app.core.permissions import Actor
from app.employers.models import (
    VERIFIED_HOW_LABELS,
    Contact,
    Employer,
    EmployerContact,
    PreferredChannel,
    VerifiedHow,
)
from app.employers.people import queries
from app.employers.people.policy import NUMBERS, with_told, without_told
from app.employers.people.services import identifying
from app.employers.policy import not_merged

KIND, ENDPOINT = "contact", "people.show"
NEW_NUMBER = msgid("Mobile of %(name)s: %(old)s → %(new)s")
CORRECTED = msgid("Data of %(name)s corrected")
VERIFIED = msgid("Mobile of %(name)s verified: %(how)s")
DEAD = msgid("Mobile of %(name)s out of use since %(day)s")


@dataclass(frozen=True)
class Person:
    """Who a contact is; numbers already in their written form."""

    name: str
    mobile: str | None = None
    landline: str | None = None
    email: str | None = None
    channel: PreferredChannel | None = None
    id_number: str | None = None
    id_type: str | None = None


def edit(
    contact: Contact,
    person: Person,
    actor: Actor,
    *,
    forget: Collection[str] = (),
    another: bool = False,
) -> None:
    """Corrects a person's data, at every employer that the person serves.

    A number or address that is None stays as it was, unless `forget` names it ("landline", "email",
    "id_number"). A new mobile number counts as not yet verified. Conflict when a number is recorded for
    somebody else, unless told that `another` person uses the mobile too.
    """
    new_number = bool(person.mobile) and person.mobile != contact.mobile
    if new_number and not another:
        refuse_known_number(person.mobile, actor, but=contact.id)
    old = contact.mobile
    values: dict[str, Any] = {
        "name": person.name,
        "landline": None if "landline" in forget else person.landline or contact.landline,
        "email": None if "email" in forget else person.email or contact.email,
        "preferred_channel": person.channel,
    }
    changed = [name for name, value in values.items() if getattr(contact, name) != value]
    entered = [name for name in (*changed, *(["mobile"] if new_number else [])) if name in NUMBERS]
    for name in changed:
        setattr(contact, name, values[name])
    contact.told = without_told(with_told(contact.told, entered, today()), forget)
    if "id_number" in forget:
        identifying.forget(contact)
    elif person.id_number and identifying.keep(contact, person.id_number, person.id_type):
        changed.append("id_number")
    elif not person.id_number and identifying.change_type(contact, person.id_type):
        changed.append("id_type")
    if new_number:
        _set_number(contact, person.mobile)
        tell(contact, NEW_NUMBER, actor, old=mask_phone(old) or "—", new=mask_phone(person.mobile))
    if changed:
        tell(contact, CORRECTED, actor)
    db.session.flush()


def _set_number(contact: Contact, mobile: str | None) -> None:
    contact.mobile, contact.invalid_since = mobile, None
    contact.verified_on = contact.verified_how = contact.verified_by_id = None


def verify(contact: Contact, how: VerifiedHow, on: date, actor: Actor | None) -> None:
    """Somebody, or the person by an answer, made sure that the mobile number is this person's."""
    if not contact.mobile:
        raise DomainError(_l("There is no mobile number to verify. Enter it first."))
    if on > today():
        raise DomainError(_l("The day lies in the future."))
    if contact.verified_on is not None and contact.verified_on > on:
        raise DomainError(_l("It was verified later than that day already."))
    contact.verified_on, contact.verified_how, contact.verified_by_id = on, how, actor.id if actor else None
    contact.invalid_since = None
    tell(contact, VERIFIED, actor, how={"msgid": msgid_of(VERIFIED_HOW_LABELS[how])})
    db.session.flush()
    signals.contact_verified.send(contact, actor=actor)


@signals.number_answered.connect
def _answered(contact: Contact, number: str, how: VerifiedHow, on: date) -> None:
    """An answer verifies the number it came from; what somebody has verified already stays as noted.

    One that was given before the number was found dead, and only fetched now, proves nothing.
    """
    dead = contact.invalid_since
    open_to_proof = contact.verified_on is None if dead is None else on >= dead
    if open_to_proof and contact.mobile and phone_digits(contact.mobile) == phone_digits(number):
        verify(contact, how, min(on, today()), None)


def mark_dead(contact: Contact, since: date, actor: Actor) -> None:
    """The mobile number is out of use; it is written to no more until it is verified or replaced."""
    if not contact.mobile:
        raise DomainError(_l("There is no mobile number on record."))
    if contact.invalid_since is not None:
        raise Conflict(_l("The number is marked as out of use already."))
    if since > today():
        raise DomainError(_l("The day lies in the future."))
    contact.invalid_since = since
    contact.verified_on = contact.verified_how = contact.verified_by_id = None
    tell(contact, DEAD, actor, day=since.isoformat())
    db.session.flush()


def reveal(contact: Contact, reason: str) -> list[str]:
    """Gives a person's unmasked numbers; who read them, and why, is an event of the audit trail."""
    audit.record(msgid("Personal data revealed"), contact, details={"reason": reason})
    return [one for one in (contact.mobile, contact.landline, contact.email) if one]


def refuse_known_number(mobile: str | None, actor: Actor, but: int | None = None) -> None:
    """Conflict when the number is somebody's already; a stranger is not named, only the branch to ask."""
    known = queries.known_by(mobile, actor, but)
    if known.people:
        names = "、".join(one.contact.name for one in known.people)
        raise Conflict(
            _l(
                "This number is recorded for %(names)s already. If that is the same person, use that record; "
                "tick the box if somebody else has the number too.",
                names=names,
            )
        )
    if known.elsewhere:
        raise Conflict(
            _l(
                "This number is known to another branch under another name: ask %(branch)s. "
                "Tick the box if somebody else has the number too.",
                branch="、".join(known.elsewhere),
            )
        )


def tell(contact: Contact, summary: str, actor: Actor | None, **params: Any) -> None:
    """On the timeline of every employer that the person serves now, of whichever branch."""
    served = (
        select(EmployerContact.employer_id)
        .join(Employer, Employer.id == EmployerContact.employer_id)
        .where(EmployerContact.contact_id == contact.id, EmployerContact.until.is_(None), not_merged())
        .distinct()
    )
    timeline.record_many(
        KIND,
        [
            timeline.Happening(employer_id, summary, {"name": contact.name, **params}, link_id=contact.id)
            for employer_id in db.session.scalars(served)
        ],
        actor=actor,
        endpoint=ENDPOINT,
    )
