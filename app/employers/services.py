"""What changes an employer, its people and its names."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from app.accounts.models import Branch, User
from app.core import signals, timeline
from app.core.clock import today
from app.core.db import among, db
from app.core.errors import Conflict, DomainError
from app.core.language.i18n import msgid
from app.core.language.text import clean, name_key
from app.core.permissions import Actor
from app.core.workflow.acts import demand
from app.employers.models import (
    Employer,
    FormerName,
)
from app.employers.policy import in_reach
from app.employers.sources.policy import OFFICE, corrected

# Employers ----------------------------------------------------------------------------------------


def create_prospect(values: Mapping[str, Any], actor: Actor, *, despite_name: bool = False) -> Employer:
    """A lead entered by hand, owned by who enters it.

    Raises Conflict when the credit code is known already, and, unless told `despite_name`, when another
    employer's present or former name reads the same.
    """
    name = clean(values["name"])
    _refuse_known_code(values.get("uscc"), None, actor)
    if not despite_name:
        _refuse_namesake(name, actor)
    employer = Employer(**{**values, "name": name}, branch_id=actor.branch_id, owner_id=actor.id)
    db.session.add(employer)
    db.session.flush()
    timeline.record(employer.id, "employer", msgid("Entered by hand as a prospect"), actor=actor)
    return employer


def edit_employer(
    employer: Employer,
    values: Mapping[str, Any],
    version: str,
    actor: Actor | None,
    *,
    told_by: str = OFFICE,
) -> list[str]:
    """Stores what a person corrected and gives the names of the changed fields.

    `version` is what `version_of` said when the form was shown; Conflict when someone saved meanwhile.
    """
    demand(employer, "edit", actor)
    if version != version_of(employer):
        raise Conflict(
            _l("Someone changed this employer after you opened the form. Compare the fields and save again.")
        )
    _refuse_known_code(values.get("uscc"), employer.id, actor)
    changed = [name for name, value in values.items() if getattr(employer, name) != value]
    for name in changed:
        setattr(employer, name, values[name])
    employer.told = corrected(employer.told, changed, today(), told_by)
    db.session.flush()
    if "operating_status" in changed:
        signals.operating_status_changed.send(None, employer_ids=[employer.id])
    return changed


def version_of(employer: Employer) -> str:
    return employer.updated_at.isoformat()


def rename(
    employer: Employer, name: str, until: date, actor: Actor, proof: str = "", *, told_by: str = OFFICE
) -> None:
    """Gives the employer a new name; the old one stays findable, with its last day."""
    demand(employer, "edit", actor)
    name, old = clean(name), employer.name
    if not name or name == old:
        raise DomainError(_l("Enter a name that differs from the present one."))
    if until > today():
        raise DomainError(_l("The day of the change lies in the future."))
    employer.former_names.append(FormerName(name=old, until=until, proof=clean(proof) or None))
    employer.name = name
    employer.told = corrected(employer.told, ("name",), today(), told_by)
    timeline.record(
        employer.id,
        "employer",
        msgid("Renamed: %(old)s → %(new)s"),
        params={"old": old, "new": name},
        actor=actor,
    )
    db.session.flush()


def add_former_name(employer: Employer, name: str, until: date | None, actor: Actor, proof: str = "") -> None:
    """Records a name that the employer had before it was known here."""
    demand(employer, "edit", actor)
    name = clean(name)
    known = {name_key(employer.name), *(former.name_key for former in employer.former_names)}
    if not name or name_key(name) in known:
        raise DomainError(_l("This name is already on record."))
    employer.former_names.append(FormerName(name=name, until=until, proof=clean(proof) or None))
    timeline.record(
        employer.id, "employer", msgid("Former name recorded: %(name)s"), params={"name": name}, actor=actor
    )
    db.session.flush()


def assign(employer: Employer, owner: User | None, backup: User | None, actor: Actor | None) -> int:
    """Gives the employer its owner and backup, both active and of its branch.

    Gives the number of open tasks that went along from the old owner to the new one.
    """
    for user in (owner, backup):
        if user is not None and (not user.active or user.branch_id != employer.branch_id):
            raise DomainError(_l("Choose active colleagues of the employer's branch."))
    if owner is not None and owner is backup:
        raise DomainError(_l("The backup must be somebody else than the owner."))
    before = employer.owner
    employer.owner, employer.backup_owner = owner, backup
    passed_on = 0
    if before is not owner:
        params = {"old": before.name if before else "—", "new": owner.name if owner else "—"}
        timeline.record(
            employer.id, "employer", msgid("Owner: %(old)s → %(new)s"), params=params, actor=actor
        )
        answers = signals.owner_changed.send(employer, old=before, new=owner, actor=actor)
        passed_on = sum(count for _receiver, count in answers)
    db.session.flush()
    return passed_on


def hand_over_owned(
    employer_ids: Sequence[int], _old: User, new: User, actor: Actor
) -> dict[int, dict[str, int]]:
    """Gives many employers to their next owner; one who was the backup of some stops being it."""
    backups = {}
    for employer in db.session.scalars(select(Employer).where(among(Employer.id, employer_ids))):
        backup = employer.backup_owner if employer.backup_owner and employer.backup_owner.active else None
        if backup is not None and backup.id == new.id:
            backups[employer.id] = {"backup_owner_id": new.id}
            backup = None
        assign(employer, new, backup, actor)
    return backups


def hand_over_backed_up(
    employer_ids: Sequence[int], _old: User, new: User, _actor: Actor
) -> dict[int, dict[str, int]]:
    """The same for the backups; whoever owns an employer is not its backup as well."""
    for employer in db.session.scalars(select(Employer).where(among(Employer.id, employer_ids))):
        employer.backup_owner = None if employer.owner_id == new.id else new
    db.session.flush()
    return {}


def _refuse_known_code(uscc: str | None, own_id: int | None, actor: Actor | None) -> None:
    """A code is one employer's in the whole department; a stranger's record is not named."""
    if not uscc:
        return
    known = _Known.first(Employer.uscc == uscc, Employer.id != (own_id or 0), actor=actor)
    if known is None:
        return
    if not known.within_reach:
        raise Conflict(
            _l("An employer with this code is known to another branch: ask %(branch)s.", branch=known.branch)
        )
    raise Conflict(_l("This credit code already belongs to “%(name)s”.", name=known.name))


def _refuse_namesake(name: str, actor: Actor) -> None:
    key = name_key(name)
    formerly = select(FormerName.employer_id).where(FormerName.name_key == key)
    known = _Known.first(Employer.name_key == key, actor=actor) or _Known.first(
        Employer.id.in_(formerly), actor=actor
    )
    if known is None:
        return
    if not known.within_reach:
        raise Conflict(
            _l(
                "An employer with such a name is known to another branch: ask %(branch)s. "
                "Tick the box if this is a different employer.",
                branch=known.branch,
            )
        )
    raise Conflict(
        _l("“%(name)s” is already recorded. Tick the box if this is a different employer.", name=known.name)
    )


class _Known(NamedTuple):
    """An employer that is there already, in some branch."""

    name: str
    branch: str
    within_reach: bool

    @classmethod
    def first(cls, *conditions: ColumnElement[bool], actor: Actor | None) -> "_Known | None":
        """Whichever fits; one in reach before others."""
        within = in_reach(actor)
        query = select(Employer.name, Branch.name, within).join(Branch, Branch.id == Employer.branch_id)
        row = db.session.execute(query.where(*conditions).order_by(within.desc()).limit(1)).first()
        return row and cls(*row)
