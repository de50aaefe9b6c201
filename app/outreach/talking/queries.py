"""Reading scripts as they hold today, and rehearsals."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import selectinload

from app.accounts.models import User
from app.accounts.queries import name_of
from app.core.clock import today
from app.core.db import db
from app.core.finding import the_one
from app.core.permissions import Actor
from app.core.rules.legal import LegalBasis
from app.core.rules.legal import find as find_basis
from app.outreach.talking.models import Rehearsal, Script, ScriptVersion
from app.outreach.talking.policy import visible_to


def listed(_actor: Actor | None) -> Select[Script]:
    """Every script, for the list; they belong to the whole department."""
    return select(Script)


def held() -> ColumnElement[bool]:
    """Said of scripts that are still offered."""
    return or_(Script.retired_on.is_(None), Script.retired_on > today())


def find(script_id: int) -> Script:
    """The script with all its versions, the newest first."""
    query = select(Script).where(Script.id == script_id)
    versions = selectinload(Script.versions)
    names = versions.joinedload(ScriptVersion.by).load_only(User.id, User.name)
    return the_one(query.options(versions, names), _l("There is no such script."))


@dataclass(frozen=True)
class Spoken:
    """A script with the text that holds today."""

    script: Script
    version: ScriptVersion
    #: the articles in force today that it stands on
    bases: Sequence[LegalBasis]


def offered() -> Sequence[Spoken]:
    """The scripts that may be used today, with the law that they stand on; two statements."""
    day = today()
    latest = (
        select(func.max(ScriptVersion.number))
        .where(ScriptVersion.script_id == Script.id, ScriptVersion.valid_from <= day)
        .correlate(Script)
        .scalar_subquery()
    )
    query = (
        select(Script, ScriptVersion)
        .join(ScriptVersion, (ScriptVersion.script_id == Script.id) & (ScriptVersion.number == latest))
        .where(held())
        .order_by(Script.kind, Script.title)
    )
    law = {basis.code: basis for basis in _in_force()}
    return [
        Spoken(script, version, [law[code] for code in version.bases if code in law])
        for script, version in db.session.execute(query)
    ]


def current_version(script: Script) -> ScriptVersion | None:
    """The text that holds today; None before the first one does."""
    return next((one for one in script.versions if one.valid_from <= today()), None)


def bases_of(version: ScriptVersion | None) -> list[LegalBasis]:
    """The articles in force today that the text stands on."""
    found = (find_basis(code) for code in (version.bases if version else ()))
    return [basis for basis in found if basis is not None]


def basis_codes() -> list[tuple[str, str]]:
    """The legal bases in force, to choose from."""
    return [(one.code, f"{one} · {one.quote[:20]}…") for one in _in_force()]


def _in_force() -> Sequence[LegalBasis]:
    day = today()
    query = select(LegalBasis).where(
        LegalBasis.valid_from <= day, or_(LegalBasis.valid_to.is_(None), LegalBasis.valid_to > day)
    )
    return db.session.scalars(query.order_by(LegalBasis.id)).all()


def rehearsals(actor: Actor, script_id: int | None = None, limit: int = 20) -> Sequence[Rehearsal]:
    """The latest rehearsals in the actor's reach."""
    query = select(Rehearsal).where(visible_to(actor)).options(name_of(Rehearsal.by))
    if script_id is not None:
        query = query.where(Rehearsal.script_id == script_id)
    return db.session.scalars(
        query.order_by(Rehearsal.held_on.desc(), Rehearsal.id.desc()).limit(limit)
    ).all()
