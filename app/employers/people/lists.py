"""The list of people, and the worklist of employers whose handler cannot be reached for sure."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import ColumnElement, or_, true
from sqlalchemy.orm import selectinload

from app.accounts.queries import name_of
from app.core.criteria.trees import Field, Kind, Tree, choices_of, rule, to_query
from app.core.db import among
from app.core.finds import Found, Hit
from app.core.language import formats
from app.core.language.text import phone_digits
from app.core.links import url_if
from app.core.listing.page import Column, Empty, Link, ListPage, Quick
from app.core.listing.parts import Badge
from app.core.permissions import Actor, current_actor
from app.core.searching import found_in
from app.employers.columns.lists import OWNER_COLUMN
from app.employers.lists import employer_fields
from app.employers.models import (
    CHANNEL_LABELS,
    ROLE_LABELS,
    VERIFIED_HOW_LABELS,
    Contact,
    ContactRole,
    Employer,
    EmployerContact,
)
from app.employers.people import queries
from app.employers.people.policy import Permission
from app.employers.policy import Permission as EmployerPermission
from app.employers.search.queries import FEW, PersonHit, matching, people

#: as many employers of a found person are named
SHOWN_EMPLOYERS = 2

#: what criteria over employers may ask of their handler
FIELDS = (
    Field(
        "contact_name", _l("Name of a contact"), Kind.TEXT, Contact.name, within=queries.with_contact,
        group=_l("Care"),
    ),
    Field(
        "contact_mobile", _l("Mobile of a contact"), Kind.CODE, Contact.mobile, within=queries.with_contact,
        group=_l("Care"), permission=EmployerPermission.REVEAL,
    ),
    Field(
        "authorised_until", _l("Handler authorised until"), Kind.DATE, EmployerContact.authorised_until,
        within=lambda found: queries.with_contact(found & (EmployerContact.role == ContactRole.HANDLER)),
        group=_l("Care"),
    ),
    Field(
        "verified_handler", _l("Has a handler with a verified mobile"), Kind.BOOL, queries.covered,
        group=_l("Care"),
    ),
)  # fmt: skip


def _reader() -> Actor | None:
    """Who reads the list; the system where nobody is signed in."""
    return current_actor() if current_user else None


def _serving(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """A condition on a role or its employer, within the reader's reach: no other branch's shows through."""
    return queries.serving(_reader(), condition)


def _doubtful(_condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return queries.looks_like_another(_reader())


def number_badge(contact: Contact) -> Badge:
    """How good the person's mobile number is, in words and tone."""
    if not contact.mobile:
        return _l("no mobile"), "warning"
    if contact.invalid_since:
        return _l("number out of use"), "danger"
    return (_l("verified"), "good") if contact.verified_on else (_l("not verified"), "neutral")


def _employers(contact: Contact) -> Sequence[str]:
    return list(dict.fromkeys(link.employer.name for link in contact.employers))


def _roles(contact: Contact) -> Sequence[Any]:
    return list(dict.fromkeys(ROLE_LABELS[link.role] for link in contact.employers))


def _found(words: str) -> ColumnElement[bool]:
    """By name, from four digits of a number on, or by pinyin, which is known of those who serve somebody now.

    By employers only through their own field, in reach.
    """
    found = [Contact.name.icontains(words, autoescape=True)]
    if len(digits := phone_digits(words)) >= 4:
        found += [Contact.mobile.contains(digits), Contact.landline.contains(digits)]
    elif words.isascii():
        found.append(among(Contact.id, [one.id for one in people(words, _reader(), FEW)]))
    return or_(*found)


def find_people(text: str, actor: Actor, most: int) -> Found | None:
    """Those who serve somebody now, for the search box."""
    found = people(text, actor)
    hits = [
        Hit(
            one.name,
            url_if("people.show", id=one.id),
            [one.number or formats.masked_phone(one.mobile), _at(one)],
        )
        for one in found[:most]
    ]
    serving_now: Tree = {"match": "all", "rules": [rule("serving", "yes")]}
    return found_in(PEOPLE, hits, len(found), q=text, **to_query(serving_now))


def _at(person: PersonHit) -> str:
    """Where somebody serves: the first employers by name."""
    named, others = person.employers[:SHOWN_EMPLOYERS], len(person.employers) - SHOWN_EMPLOYERS
    if others <= 0:
        return str(formats.display(named))
    return str(_("%(employers)s and %(number)s more", employers=formats.display(named), number=others))


PEOPLE = ListPage(
    name="people",
    endpoint="people.index",
    title=_l("Contacts"),
    lead=_l("Everybody who speaks for an employer; one person may serve several."),
    select=queries.listed,
    key=Contact.id,
    default_sort="name",
    search=_found,
    search_hint=_l("Name, or part of a number"),
    fields=(
        Field("name", _l("Full name"), Kind.TEXT, Contact.name),
        Field("mobile", _l("Mobile"), Kind.CODE, Contact.mobile),
        Field("employer", _l("Employer"), Kind.TEXT, Employer.name, within=_serving),
        Field(
            "role", _l("Role"), Kind.CHOICE, EmployerContact.role, choices=choices_of(ROLE_LABELS),
            within=_serving,
        ),
        Field("serving", _l("Serves an employer now"), Kind.BOOL, true(), within=_serving),
        Field("authorised_until", _l("Authorised until"), Kind.DATE, EmployerContact.authorised_until,
              within=_serving),
        Field("verified_on", _l("Verified on"), Kind.DATE, Contact.verified_on),
        Field("verified_how", _l("Verified how"), Kind.CHOICE, Contact.verified_how,
              choices=choices_of(VERIFIED_HOW_LABELS)),
        Field("invalid_since", _l("Out of use since"), Kind.DATE, Contact.invalid_since),
        Field("channel", _l("Prefers"), Kind.CHOICE, Contact.preferred_channel,
              choices=choices_of(CHANNEL_LABELS)),
        Field("has_id_number", _l("ID number is recorded"), Kind.BOOL, Contact.id_number_index.is_not(None)),
        Field("doubtful", _l("May be recorded twice"), Kind.BOOL, true(), within=_doubtful),
    ),
    columns=(
        Column(
            "name", _l("Full name"), sort=Contact.name, link=lambda row: url_if("people.show", id=row.id),
        ),
        Column("employers", _l("Serves"), value=_employers),
        Column("roles", _l("Role"), value=_roles),
        Column(
            "mobile", _l("Mobile"), format=formats.masked_phone, export=lambda row: row.mobile,
            personal=True,
        ),
        Column("state", _l("State of the number"), badge=number_badge),
        Column("verified_on", _l("Verified on"), sort=Contact.verified_on, falling=True),
        Column("verified_how", _l("Verified how"), shown=False,
               value=lambda row: VERIFIED_HOW_LABELS.get(row.verified_how)),
        Column("verified_by", _l("Verified by"), shown=False,
               value=lambda row: row.verified_by.name if row.verified_by else None,
               options=(name_of(Contact.verified_by),)),
        Column("invalid_since", _l("Out of use since"), sort=Contact.invalid_since, falling=True,
               shown=False),
        Column("channel", _l("Prefers"), sort=Contact.preferred_channel,
               value=lambda row: CHANNEL_LABELS.get(row.preferred_channel)),
        Column("landline", _l("Landline"), format=formats.masked_phone, export=lambda row: row.landline,
               personal=True, shown=False),
        Column("id_number", _l("ID number"), shown=False, personal=True, format=formats.display,
               reveal_permission=Permission.REVEAL_ID,
               value=lambda row: row.id_number.masked if row.id_number else None,
               export=lambda row: row.id_number.opened if row.id_number else None),
        Column("email", _l("E-mail"), format=formats.masked_email, export=lambda row: row.email,
               personal=True, shown=False),
    ),
    quick=(
        Quick("handlers", _l("Handlers"), (rule("role", "in", ["handler"]),)),
        Quick("unverified", _l("Not verified"), (rule("verified_on", "empty"),)),
        Quick("dead", _l("Number out of use"), (rule("invalid_since", "not_empty"),)),
        Quick("doubtful", _l("May be recorded twice"), (rule("doubtful", "yes"),)),
    ),
    links=(
        Link(_l("Handlers to verify"), "people.uncovered", EmployerPermission.VIEW, "patch-question"),
        Link(_l("Recorded twice?"), "doubles.index", Permission.MERGE, "intersect"),
        Link(_l("Import"), "imports.index", EmployerPermission.EDIT, "upload"),
    ),
    empty=Empty(
        _l("No contacts yet"), _l("They come with the monthly statement, with a list, or by hand on an "
        "employer's page."),
    ),
    export_permission=EmployerPermission.EXPORT,
    reveal_permission=EmployerPermission.REVEAL,
)  # fmt: skip


def _handler(row: Employer) -> Contact | None:
    """The handler whose number is the nearest to being good."""
    found = [link.contact for link in queries.handlers_of(row)]
    found.sort(key=lambda one: (one.mobile is None, one.invalid_since is not None))
    return next(iter(found), None)


def _why(row: Employer) -> Badge:
    handler = _handler(row)
    return (_l("no handler"), "warning") if handler is None else number_badge(handler)


def _handler_url(row: Employer) -> str | None:
    handler = _handler(row)
    return url_if("people.show", id=handler.id) if handler else None


def _handler_name(row: Employer) -> str | None:
    handler = _handler(row)
    return handler.name if handler else None


def _mobile(row: Employer) -> str | None:
    handler = _handler(row)
    return handler.mobile if handler else None


_CONTACTS = (selectinload(Employer.contacts),)

UNCOVERED = ListPage(
    name="uncovered",
    endpoint="people.uncovered",
    title=_l("Handlers to verify"),
    lead=_l("Active employers without a handler whose mobile number is verified. Call, then note it."),
    select=queries.uncovered,
    key=Employer.id,
    fields=employer_fields,
    search=matching,
    search_hint=_l("Name, credit code, account, phone or pinyin"),
    default_sort="-heads",
    columns=(
        Column(
            "name", _l("Employer name"), sort=Employer.name,
            link=lambda row: url_if("employers.show", employer_id=row.id, _anchor="contacts"),
        ),
        Column("why", _l("What is missing"), badge=_why, options=_CONTACTS),
        Column("handler", _l("Handler"), value=_handler_name, link=_handler_url, options=_CONTACTS),
        Column(
            "mobile", _l("Mobile"), value=_mobile, format=formats.masked_phone, export=_mobile,
            personal=True, options=_CONTACTS,
        ),
        Column("heads", _l("Contributing employees"), sort=Employer.heads, falling=True, number=True),
        OWNER_COLUMN,
        Column("last_contact_on", _l("Last contact"), sort=Employer.last_contact_on),
        Column("area", _l("Area"), sort=Employer.area, shown=False),
    ),
    quick=(
        Quick("mine", _l("Mine"), (rule("owner", "is_me"),)),
        Quick("reachable", _l("A number is known"), (rule("reachable", "yes"),)),
        Quick("unreachable", _l("No number is known"), (rule("reachable", "no"),)),
    ),
    links=(Link(_l("Contacts"), "people.index", EmployerPermission.VIEW, "person-lines-fill"),),
    empty=Empty(_l("Every active employer has a handler with a verified mobile"), icon="patch-check"),
    export_permission=EmployerPermission.EXPORT,
    reveal_permission=EmployerPermission.REVEAL,
)  # fmt: skip
