"""Writing scripts in versions, and logging rehearsals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from app.core.clock import today
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.permissions import Actor
from app.outreach.models import TOPIC_LABELS
from app.outreach.talking.models import Rehearsal, Script, ScriptKind, ScriptVersion


@dataclass(frozen=True)
class Wording:
    """A text, the codes of the legal bases it stands on, and the day from which it holds."""

    text: str
    bases: Sequence[str]
    valid_from: date


def add_script(
    kind: ScriptKind, title: str, situations: Sequence[str], wording: Wording, actor: Actor
) -> Script:
    """A script with its first version. Conflict when one of the same title exists."""
    if db.session.scalar(select(Script.id).where(Script.title == title.strip())) is not None:
        raise Conflict(_l("There is a script with this title: write a new version of it."))
    if unknown := [one for one in situations if one not in TOPIC_LABELS]:
        raise DomainError(_l("Unknown situation: %(names)s", names=", ".join(unknown)))
    script = Script(kind=kind, title=title.strip(), situations=list(situations))
    db.session.add(script)
    db.session.flush()
    write_version(script, wording, actor)
    return script


def write_version(script: Script, wording: Wording, actor: Actor) -> ScriptVersion:
    """The next text; what was said with the earlier one stays on record."""
    if wording.valid_from < today():
        raise DomainError(_l("A new text holds from today on at the earliest."))
    query = select(func.max(ScriptVersion.number), func.max(ScriptVersion.valid_from)).where(
        ScriptVersion.script_id == script.id
    )
    number, last_from = db.session.execute(query).one()
    if last_from is not None and wording.valid_from < last_from:
        raise DomainError(
            _l(
                "The latest text holds from %(day)s: choose that day or a later one.",
                day=last_from.isoformat(),
            )
        )
    version = ScriptVersion(
        script_id=script.id,
        number=(number or 0) + 1,
        text=wording.text.strip(),
        bases=list(wording.bases),
        valid_from=wording.valid_from,
        by_id=actor.id,
    )
    db.session.add(version)
    db.session.flush()
    db.session.expire(script, ["versions"])
    return version


def set_situations(script: Script, situations: Sequence[str], retired: bool) -> None:
    """When it is offered, and whether it still is."""
    script.situations = list(situations)
    script.retired_on = (script.retired_on or today()) if retired else None
    db.session.flush()


def log_rehearsal(script: Script, held_on: date, participants: str, findings: str, actor: Actor) -> Rehearsal:
    """Who rehearsed it, when, and what is to be better."""
    if held_on > today():
        raise DomainError(_l("The day lies in the future."))
    made = Rehearsal(
        script_id=script.id,
        branch_id=actor.branch_id,
        held_on=held_on,
        participants=participants.strip(),
        findings=findings.strip(),
        by_id=actor.id,
    )
    db.session.add(made)
    db.session.flush()
    return made
