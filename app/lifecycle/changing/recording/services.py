"""The employer's record follows a registered change, and goes back when it was registered wrongly.

What was written is noted with the change (`written`), so that nothing is taken back that it did not write. A
change that the record had learned of meanwhile (from a file, or by hand) writes nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core import signals
from app.core.code_tables import label
from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import Actor
from app.employers.models import ContactRole, Employer, EmployerContact
from app.employers.people.services.editing import Person
from app.employers.people.services.serving import Mandate, person_for, take_up
from app.employers.services import edit_employer, rename, version_of
from app.lifecycle.changing.models import ChangeKind, RegisteredChange

Written = dict[str, Any]


def legal_reps(employer: Employer) -> list[EmployerContact]:
    """Who is on record as legal representative today; one, unless the record is wrong."""
    return [one for one in employer.contacts if one.role is ContactRole.LEGAL_REP and one.until is None]


def bank_in_words(code: str | None, office: str | None) -> str:
    return " ".join(part for part in (label("bank", code), office) if part)


def on_record(employer: Employer, kind: ChangeKind) -> str:
    """What the record says today of what such a change is about; empty for nothing."""
    if kind is ChangeKind.NAME:
        return employer.name
    if kind is ChangeKind.ADDRESS:
        return employer.address or ""
    if kind is ChangeKind.BANK:
        return bank_in_words(employer.bank_code, employer.bank_name)
    return "、".join(one.contact.name for one in legal_reps(employer))


def take_over(change: RegisteredChange, actor: Actor) -> None:
    """Writes what changed; the former name stays findable, and the former representative stays as such."""
    change.written = _WRITE[change.kind](change, actor)


def _write_name(change: RegisteredChange, actor: Actor) -> Written:
    employer = change.employer
    if employer.name == change.new_value:
        return {}
    old = employer.name
    rename(employer, change.new_value, change.changed_on, actor, change.document)
    return {"old": old, "former_id": employer.former_names[-1].id}


def _write_address(change: RegisteredChange, actor: Actor) -> Written:
    return _write_fields(change.employer, {"address": change.new_value}, actor)


def _write_bank(change: RegisteredChange, actor: Actor) -> Written:
    values = {"bank_code": change.bank_code, "bank_name": change.bank_office or None}
    return _write_fields(change.employer, values, actor)


def _write_fields(employer: Employer, values: Mapping[str, str | None], actor: Actor) -> Written:
    old = {name: getattr(employer, name) for name in values}
    edit_employer(employer, values, version_of(employer), actor)
    return {} if old == values else {"old": old, "new": dict(values)}


def _write_legal_rep(change: RegisteredChange, actor: Actor) -> Written:
    employer = change.employer
    leaving = legal_reps(employer)
    if [one.contact.name for one in leaving] == [change.new_value]:
        return {}
    person = person_for(Person(change.new_value), actor)
    mandate = Mandate(change.changed_on)
    made = take_up(employer, person, ContactRole.LEGAL_REP, mandate, actor, leaving)
    return {"role_id": made.id, "left": [one.id for one in leaving]}


def take_back(change: RegisteredChange, actor: Actor) -> None:
    """The record says again what it said before; DomainError where it was changed once more since."""
    if change.written:
        _TAKE_BACK[change.kind](change, change.written, actor)
    change.written = None


_CHANGED_SINCE = _l(
    "The employer's record was changed again since: correct it on its page, or note the next change."
)


def _name_back(change: RegisteredChange, written: Written, actor: Actor) -> None:
    employer = change.employer
    if employer.name != change.new_value:
        raise DomainError(_CHANGED_SINCE)
    for former in [one for one in employer.former_names if one.id == written["former_id"]]:
        employer.former_names.remove(former)
    edit_employer(employer, {"name": written["old"]}, version_of(employer), actor)


def _fields_back(change: RegisteredChange, written: Written, actor: Actor) -> None:
    employer = change.employer
    if any(getattr(employer, name) != value for name, value in written["new"].items()):
        raise DomainError(_CHANGED_SINCE)
    edit_employer(employer, written["old"], version_of(employer), actor)


def _legal_rep_back(change: RegisteredChange, written: Written, _actor: Actor) -> None:
    employer = change.employer
    made = next((one for one in employer.contacts if one.id == written["role_id"]), None)
    left = [one for one in employer.contacts if one.id in written["left"]]
    untouched = made is not None and made.until is None and made.contact.name == change.new_value
    if not untouched or any(one.until != change.changed_on for one in left):
        raise DomainError(_CHANGED_SINCE)
    for one in left:
        one.until = None
    assert made is not None  # noqa: S101 - or it had been touched
    signals.roles_withdrawn.send(None, link_ids=[made.id])
    employer.contacts.remove(made)
    db.session.flush()


_WRITE: Mapping[ChangeKind, Callable[[RegisteredChange, Actor], Written]] = {
    ChangeKind.NAME: _write_name,
    ChangeKind.ADDRESS: _write_address,
    ChangeKind.LEGAL_REP: _write_legal_rep,
    ChangeKind.BANK: _write_bank,
}
_TAKE_BACK: Mapping[ChangeKind, Callable[[RegisteredChange, Written, Actor], None]] = {
    ChangeKind.NAME: _name_back,
    ChangeKind.ADDRESS: _fields_back,
    ChangeKind.LEGAL_REP: _legal_rep_back,
    ChangeKind.BANK: _fields_back,
}
