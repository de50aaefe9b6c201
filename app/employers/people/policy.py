"""Who sees which people, and which employers ought to have somebody who can be reached."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import aliased

from app.core.code_tables import Codes, code_of
from app.core.permissions import Actor, Grantable
from app.employers.models import Contact, Employer, EmployerContact, Stage
from app.employers.policy import visible_to as employer_visible_to
from app.employers.sources.policy import OFFICE


class Permission(Grantable):
    REVEAL_ID = (
        "people:reveal_id_number",
        _l("Reveal an ID number in full; each time is recorded with its reason"),
    )
    MERGE = "people:merge", _l("Merge two records of one person, and take that back")
    IMPORT = "people:import", _l("Import lists of contacts")


#: Stages of employers with an account in use: their handler has to be within reach. A sealed account or one
#: that is being closed has nobody to write to any more.
ACTIVE = (Stage.REGISTERED, Stage.ENROLLED, Stage.CONTRIBUTING, Stage.IN_ARREARS, Stage.ON_RELIEF)

#: how a person is reached: what `Contact.told` knows of
NUMBERS = ("mobile", "landline", "email")
#: who tells numbers and roles beside the OFFICE; between files the later day wins
LIST = "list"


#: how offices write kinds of document (table A.1 of JGJ/T 320) beside the words of the table
_KINDS_WRITTEN = {"身份证": "01", "外国人永久居留身份证": "04", "其他证件": "99", "其它": "99"}


def id_type_of(known: Codes, written: str) -> str | None:
    """The kind of document that a file means, those among them that the department has added to the table."""
    also = _KINDS_WRITTEN.get("".join(written.split()))
    return code_of(known, written) or (also if also in known else None)


def with_told(
    told: Mapping[str, Any] | None, names: Iterable[str], day: date, teller: str = OFFICE
) -> dict[str, Any]:
    """`Contact.told` after somebody said these numbers or addresses on the day."""
    return {**(told or {}), **{name: [teller, day.isoformat()] for name in names}}


def without_told(told: Mapping[str, Any] | None, names: Iterable[str]) -> dict[str, Any] | None:
    """`Contact.told` after these were removed."""
    gone = set(names)
    return {name: one for name, one in (told or {}).items() if name not in gone} or None


#: Made once: an alias of so wide a table takes milliseconds to make.
_employer, _role = aliased(Employer), aliased(EmployerContact)


def _serves(actor: Actor | None, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    query = select(_role.id).join(_employer, _employer.id == _role.employer_id)
    return query.where(
        _role.contact_id == Contact.id, employer_visible_to(actor, _employer), *conditions
    ).exists()  # fmt: skip


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The people who have, or once had, a role at an employer in the actor's reach."""
    return Contact.merged_into_id.is_(None) & _serves(actor)


def editable_by(actor: Actor | None) -> ColumnElement[bool]:
    """Those who serve an employer in reach now. Who has left for another branch is that branch's to keep; who
    serves nobody any more may be corrected by whoever knew him, until forgotten."""
    serving = select(_role.id).where(_role.contact_id == Contact.id, _role.until.is_(None)).exists()
    known = visible_to(actor) & Contact.forgotten_on.is_(None)
    return known & or_(_serves(actor, _role.until.is_(None)), ~serving)


def role_visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The roles at employers in reach; a person's other roles are nobody's business here."""
    return EmployerContact.employer_id.in_(select(_employer.id).where(employer_visible_to(actor, _employer)))
