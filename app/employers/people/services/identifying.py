"""A person's ID number: kept sealed, found by its keyed hash, shown for a reason and never told anywhere."""

from flask_babel import lazy_gettext as _l

from app.audit import services as audit
from app.core.errors import Conflict, DomainError, NotFound
from app.core.language.i18n import msgid
from app.core.personal.sealed import ID_NUMBER, indexes, sealed_with_index
from app.core.rules.identifiers import RESIDENT_CARD
from app.employers.models import Contact
from app.employers.people import queries

TAKEN = _l(
    "This ID number is recorded for somebody else: either it was mistyped, or two records are of one person."
)
DIFFERS = _l("This person is recorded with another ID number. Correct it on the person's page.")
OTHER_MOBILE = _l(
    "The person with this ID number is recorded with another mobile number. "
    "Correct that on the person's page."
)


def keep(contact: Contact, number: str, id_type: str | None) -> bool:
    """Stores the number, in its written form; gives whether it is a new one. Conflict if it is another's."""
    if contact.id_number_index in indexes(number, ID_NUMBER):
        return change_type(contact, id_type)
    if queries.with_id_number(number, but=contact.id) is not None:
        raise Conflict(TAKEN)
    contact.id_number, contact.id_number_index = sealed_with_index(number, ID_NUMBER)
    contact.id_type = id_type
    return True


def change_type(contact: Contact, id_type: str | None) -> bool:
    """The known number is of this type of document; gives whether it was another."""
    if contact.id_number is None or (contact.id_type or RESIDENT_CARD) == (id_type or RESIDENT_CARD):
        return False
    if id_type in (None, RESIDENT_CARD):
        raise DomainError(_l("Enter the number of the resident's card with it."))
    contact.id_type = id_type
    return True


def forget(contact: Contact) -> None:
    contact.id_number = contact.id_number_index = contact.id_type = None


def complete(contact: Contact, number: str | None, id_type: str | None) -> None:
    """Stores the number of somebody who has none yet. Conflict when there is another one already."""
    if number is None:
        return
    if contact.id_number is None:
        keep(contact, number, id_type)
    elif contact.id_number_index not in indexes(number, ID_NUMBER):
        raise Conflict(DIFFERS)


def meant_by(number: str | None, name: str, mobile: str | None) -> Contact | None:
    """The person whom the number means, of whatever branch. Conflict when name or mobile contradict it."""
    known = queries.with_id_number(number) if number else None
    if known is None:
        return None
    if known.name != name:
        raise Conflict(TAKEN)
    if mobile and known.mobile and known.mobile != mobile:
        raise Conflict(OTHER_MOBILE)
    return known


def reveal(contact: Contact, reason: str) -> str:
    """The number in full; who read it, and why, is an event of the audit trail. NotFound without one."""
    if contact.id_number is None:
        raise NotFound(_l("No ID number is recorded for this person."))
    number = contact.id_number.opened
    audit.record(msgid("ID number revealed"), contact, details={"reason": reason})
    return number
