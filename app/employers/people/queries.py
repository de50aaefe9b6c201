"""Reading people: who they are, whom they serve, and who they might be already."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import aliased, joinedload, lazyload, selectinload

from app.accounts.models import Branch
from app.accounts.queries import name_of
from app.core.clock import today
from app.core.db import db, only_reading
from app.core.errors import NotFound
from app.core.finding import the_one
from app.core.merging.moving import Change
from app.core.permissions import Actor
from app.core.personal.sealed import ID_NUMBER, indexes
from app.employers.models import Contact, ContactRole, Employer, EmployerContact
from app.employers.people.models import ContactMerge
from app.employers.people.policy import ACTIVE, editable_by, role_visible_to, visible_to
from app.employers.policy import in_reach, not_merged
from app.employers.policy import visible_to as employer_visible_to

#: as many people with one number as are worth naming
MOST_KNOWN = 5

_NO_SUCH = _l("There is no such contact.")


def find(contact_id: int, actor: Actor | None, *, to_edit: bool = False) -> Contact:
    """The person, or NotFound when no employer in reach is, or was, served; held when it is to be changed."""
    scope = editable_by(actor) if to_edit else visible_to(actor)
    query = select(Contact).where(Contact.id == contact_id, scope).options(name_of(Contact.verified_by))
    if to_edit and not only_reading():
        query = query.with_for_update(of=Contact).execution_options(populate_existing=True)
    return the_one(query, _NO_SUCH)


def may_edit(contact: Contact, actor: Actor | None) -> bool:
    """Whether the person is the actor's to keep, by row scope."""
    query = select(Contact.id).where(Contact.id == contact.id, editable_by(actor))
    return db.session.scalar(query) is not None


def find_role(link_id: int, actor: Actor | None) -> EmployerContact:
    """A person in a role at an employer in reach, or NotFound; so are those of the forgotten."""
    query = select(EmployerContact).where(EmployerContact.id == link_id, role_visible_to(actor))
    link = db.session.scalars(query.options(joinedload(EmployerContact.employer))).one_or_none()
    if link is None or link.contact.merged_into_id is not None or link.contact.forgotten_on is not None:
        raise NotFound(_NO_SUCH)
    return link


def roles_of(contact_id: int, actor: Actor | None) -> Sequence[EmployerContact]:
    """The roles at employers in reach, present ones first, the latest first."""
    query = (
        select(EmployerContact)
        .where(EmployerContact.contact_id == contact_id, role_visible_to(actor))
        .options(joinedload(EmployerContact.employer), lazyload(EmployerContact.contact))
        .order_by(EmployerContact.until.is_not(None), EmployerContact.until.desc(), EmployerContact.id.desc())
    )
    return db.session.scalars(query).all()


def handlers_of(employer: Employer) -> list[EmployerContact]:
    """Who handles the fund's business there now."""
    return [link for link in employer.contacts if link.role is ContactRole.HANDLER and link.until is None]


def listed(actor: Actor | None) -> Select[Contact]:
    """The people in reach, each with its present roles at employers in reach."""
    mine = and_(EmployerContact.until.is_(None), role_visible_to(actor))
    roles = selectinload(Contact.employers.and_(mine)).options(
        joinedload(EmployerContact.employer).load_only(Employer.id, Employer.name),
        lazyload(EmployerContact.contact),
    )
    return select(Contact).where(visible_to(actor), Contact.forgotten_on.is_(None)).options(roles)


def serving(actor: Actor | None, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Of a listed person: has a present role at an employer in reach that meets the condition."""
    query = select(EmployerContact.id).join(Employer, Employer.id == EmployerContact.employer_id)
    mine = (EmployerContact.contact_id == Contact.id, EmployerContact.until.is_(None))
    return query.where(*mine, employer_visible_to(actor), condition).correlate(Contact).exists()


_other, _others_role = aliased(Contact), aliased(EmployerContact)


def looks_like_another(actor: Actor | None) -> ColumnElement[bool]:
    """Of a listed person: another record in reach has the number, or the name at the same employer."""
    theirs = select(_others_role.id).where(
        _others_role.contact_id == _other.id, _others_role.employer_id == EmployerContact.employer_id
    )
    shared = (
        select(EmployerContact.id)
        .where(EmployerContact.contact_id == Contact.id, role_visible_to(actor), theirs.exists())
        .correlate(Contact, _other)
        .exists()
    )
    same_number = (_other.mobile == Contact.mobile) & _in_reach(actor)
    same_name = (_other.name == Contact.name) & shared
    there = _other.merged_into_id.is_(None) & _other.forgotten_on.is_(None)
    query = select(_other.id).where(_other.id != Contact.id, there)
    return query.where(or_(same_number, same_name)).correlate(Contact).exists()


def _in_reach(actor: Actor | None) -> ColumnElement[bool]:
    """The other person has a role at an employer in reach."""
    query = select(EmployerContact.id).where(EmployerContact.contact_id == _other.id, role_visible_to(actor))
    return query.correlate(_other).exists()


def twins_of(contact: Contact, actor: Actor | None) -> Sequence[Contact]:
    """Other records in reach that may be the same person: same number, or same name at the same employer."""
    if contact.forgotten_on is not None:
        return ()
    employers = select(EmployerContact.employer_id).where(
        EmployerContact.contact_id == contact.id, role_visible_to(actor)
    )
    colleagues = select(EmployerContact.contact_id).where(EmployerContact.employer_id.in_(employers))
    same = [and_(Contact.name == contact.name, Contact.id.in_(colleagues))]
    if contact.mobile:
        same.append(Contact.mobile == contact.mobile)
    query = select(Contact).where(Contact.id != contact.id, visible_to(actor), or_(*same))
    return db.session.scalars(query.order_by(Contact.id).limit(MOST_KNOWN)).all()


@dataclass(frozen=True)
class KnownPerson:
    """A person in reach whom a number belongs to, and where that person serves, as far as the actor sees."""

    contact: Contact
    employers: Sequence[str]


@dataclass(frozen=True)
class Known:
    """Whose number it is already. Who is out of reach is only told by the branches to ask."""

    people: Sequence[KnownPerson]
    elsewhere: Sequence[str]


def known_by(mobile: str | None, actor: Actor, but: int | None = None) -> Known:
    """The people who have this number, `but` for one of them."""
    if not mobile:
        return Known((), ())
    holds = (Contact.mobile == mobile, Contact.merged_into_id.is_(None), Contact.id != (but or 0))
    mine = db.session.scalars(
        select(Contact).where(*holds, visible_to(actor)).order_by(Contact.id).limit(MOST_KNOWN)
    ).all()
    people = [KnownPerson(one, [link.employer.name for link in roles_of(one.id, actor)]) for one in mine]
    strangers = (
        select(Branch.name)
        .join(Employer, Employer.branch_id == Branch.id)
        .join(EmployerContact, EmployerContact.employer_id == Employer.id)
        .join(Contact, Contact.id == EmployerContact.contact_id)
        .where(*holds, ~visible_to(actor), ~in_reach(actor), not_merged())
        .distinct()
        .order_by(Branch.name)
    )
    return Known(people, db.session.scalars(strangers).all())


def with_id_number(number: str, but: int | None = None) -> Contact | None:
    """The person who has this ID number, in its written form, in any branch; `but` for one."""
    query = select(Contact).where(
        Contact.id_number_index.in_(indexes(number, ID_NUMBER)),
        Contact.merged_into_id.is_(None),
        Contact.id != (but or 0),
    )
    return db.session.scalars(query.order_by(Contact.id).limit(1)).first()


def namesake_with(mobile: str, name: str) -> Contact | None:
    """The person of this name and number in any branch: whoever enters both means that person."""
    query = select(Contact).where(
        Contact.mobile == mobile, Contact.name == name, Contact.merged_into_id.is_(None)
    )
    return db.session.scalars(query.order_by(Contact.id).limit(1)).first()


def with_contact(found: ColumnElement[bool]) -> ColumnElement[bool]:
    """Of an employer: somebody who serves it now meets a condition on the person or the role."""
    return (
        select(EmployerContact.id)
        .join(Contact, Contact.id == EmployerContact.contact_id)
        .where(EmployerContact.employer_id == Employer.id, EmployerContact.until.is_(None), found)
        .correlate(Employer)
        .exists()
    )


# Coverage -----------------------------------------------------------------------------------------

#: Of an employer: a present handler has a mobile number that was verified and is not known to be dead.
covered: ColumnElement[bool] = (
    select(EmployerContact.id)
    .join(Contact, Contact.id == EmployerContact.contact_id)
    .where(
        EmployerContact.employer_id == Employer.id,
        EmployerContact.role == ContactRole.HANDLER,
        EmployerContact.until.is_(None),
        Contact.mobile.is_not(None),
        Contact.verified_on.is_not(None),
        Contact.invalid_since.is_(None),
    )
    .correlate(Employer)
    .exists()
)


def uncovered(actor: Actor | None) -> Select[Employer]:
    """Active employers in reach without a handler whose mobile number is verified."""
    return select(Employer).where(employer_visible_to(actor), Employer.stage.in_(ACTIVE), ~covered)


# Merges -------------------------------------------------------------------------------------------


def merges_into(contact_id: int) -> Sequence[ContactMerge]:
    """The records that were merged into this one, the latest first."""
    query = select(ContactMerge).where(ContactMerge.kept_id == contact_id)
    return db.session.scalars(query.options(name_of(ContactMerge.by)).order_by(ContactMerge.id.desc())).all()


def two(kept_id: int, merged_id: int, actor: Actor | None, *, lock: bool = False) -> tuple[Contact, Contact]:
    """The two records of one person; NotFound unless the actor may edit both.

    Locked in the order of their ids, so that two people who merge the same pair crosswise wait in a row.
    """
    query = select(Contact).where(Contact.id.in_((kept_id, merged_id)), editable_by(actor))
    if lock:
        query = query.with_for_update(of=Contact).execution_options(populate_existing=True)
    found = {contact.id: contact for contact in db.session.scalars(query.order_by(Contact.id))}
    if kept_id not in found or merged_id not in found:
        raise NotFound(_NO_SUCH)
    return found[kept_id], found[merged_id]


def find_merge(merge_id: int, actor: Actor | None) -> ContactMerge:
    """A merge into a person whom the actor may edit; held, so that it is undone once."""
    query = select(ContactMerge).join(Contact, Contact.id == ContactMerge.kept_id)
    query = query.where(ContactMerge.id == merge_id, editable_by(actor)).with_for_update(of=ContactMerge)
    return the_one(query.execution_options(populate_existing=True), _l("There is no such merge."))


def roles_held_twice(kept_id: int, merged_id: int) -> list[Change]:
    """What is left of the merged record's present roles is what the kept one has too: there they end, and the
    kept role began when the earlier of the two did."""
    mine = aliased(EmployerContact)
    same = (
        (mine.contact_id == kept_id)
        & (mine.employer_id == EmployerContact.employer_id)
        & (mine.role == EmployerContact.role)
        & mine.until.is_(None)
    )
    query = select(EmployerContact.id, EmployerContact.since, mine.id, mine.since).join(mine, same)
    left = query.where(EmployerContact.contact_id == merged_id, EmployerContact.until.is_(None))
    changes = []
    for id_, since, kept_role, kept_since in db.session.execute(left).all():
        changes.append(Change(EmployerContact.__tablename__, id_, {"until": today()}))
        if since and kept_since and since < kept_since:
            changes.append(Change(EmployerContact.__tablename__, kept_role, {"since": since}))
    return changes


def kept_instead(contact_id: int, actor: Actor | None) -> int | None:
    """Where a merged record leads to: the person in reach who goes on in its place."""
    found: Any = db.session.scalar(select(Contact.merged_into_id).where(Contact.id == contact_id))
    if found is None:
        return None
    seen = db.session.scalar(select(Contact.id).where(Contact.id == found, visible_to(actor)))
    return seen or kept_instead(found, actor)
