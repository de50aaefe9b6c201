"""The worklist of people who may be recorded twice."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from app.accounts.lists import user_field
from app.core.language import formats
from app.core.links import url_if
from app.core.listing.page import Empty, Link
from app.core.listing.pairs import Pairs
from app.employers.doubles import queries, services
from app.employers.doubles.models import ContactPair
from app.employers.doubles.policy import CERTAIN, RULE_LABELS
from app.employers.models import Contact
from app.employers.people.policy import Permission
from app.employers.policy import Permission as EmployerPermission

_first_name = select(Contact.name).where(Contact.id == ContactPair.first_id).scalar_subquery()


def _called(words: str) -> ColumnElement[bool]:
    found = select(Contact.id).where(Contact.name.icontains(words, autoescape=True))
    return ContactPair.first_id.in_(found) | ContactPair.second_id.in_(found)


def _person(contact: Contact) -> str:
    return " ".join(filter(None, (contact.name, formats.masked_phone(contact.mobile))))


def _compare(pair: ContactPair) -> str | None:
    """The record with the verified number is kept, else the older one."""
    kept, merged = pair.first, pair.second
    if merged.verified_on and not kept.verified_on:
        kept, merged = merged, kept
    return url_if("people.merge", kept_id=kept.id, merged_id=merged.id)


DOUBLES = Pairs(
    model=ContactPair,
    called=_person,
    compared=_compare,
    rules=RULE_LABELS,
    certain=CERTAIN,
    first_name=_first_name,
    # the link asks for both, whichever columns are shown
    options=(joinedload(ContactPair.first), joinedload(ContactPair.second)),
    decided_by=user_field("decided_by", _l("Decided by"), ContactPair.decided_by_id),
    keep_apart=services.keep_apart,
    apart=_l("Two persons after all"),
    permission=Permission.MERGE,
).page(
    name="contact_doubles",
    endpoint="doubles.index",
    title=_l("People recorded twice?"),
    lead=_l("Records that may be one person, the surest first. Looked for every night."),
    select=queries.pairs,
    search=_called,
    search_hint=_l("Name of a contact"),
    export_permission=EmployerPermission.EXPORT,
    links=(Link(_l("Contacts"), "people.index", EmployerPermission.VIEW, "person-lines-fill"),),
    empty=Empty(
        _l("Nobody is recorded twice"),
        _l("Records that share a number, or a name at one employer, would be listed here."),
        icon="person-check",
    ),
)
