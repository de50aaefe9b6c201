"""Merging two records of one employer."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from app.audit import services as audit
from app.core import signals, timeline
from app.core.clock import now
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.features import current_features
from app.core.language.i18n import msgid
from app.core.language.text import name_key
from app.core.merging.joining import following, move_rows, note, settle
from app.core.merging.moving import EMPLOYERS
from app.core.merging.pairing import PairState
from app.core.permissions import Actor
from app.core.undoing.reversible import Note
from app.employers.merging.models import DuplicatePair, Merge
from app.employers.merging.policy import objections
from app.employers.merging.queries import obstacles_to_moving, two
from app.employers.models import Employer, FormerName
from app.employers.search.services import reindex
from app.employers.services import version_of

REFUSED = _l("These two records cannot be merged:")


def merge(
    kept_id: int,
    merged_id: int,
    values: Mapping[str, Any],
    reason: str,
    versions: tuple[str, str],
    actor: Actor,
) -> Merge:
    """Merges the second record into the first; `values` are what the first shall say from now on.

    `versions` are what `version_of` said of both when they were compared. Raises NotFound when one is out of
    reach, Conflict when one changed meanwhile or is merged already, DomainError with all reasons otherwise.
    """
    kept, gone = two(kept_id, merged_id, actor, lock=True)
    if kept is gone or (gone.merged_into_id or kept.merged_into_id) is not None:
        raise Conflict(REFUSED, objections(kept, gone, reason))
    if versions != (version_of(kept), version_of(gone)):
        raise Conflict(_l("One of the two was changed after you compared them. Look at them again."))
    reasons = [
        *objections(kept, gone, reason),
        *_taken_code(values.get("uscc"), kept_id, merged_id),
        *obstacles_to_moving(kept_id, merged_id),
    ]
    if reasons:
        raise DomainError(REFUSED, reasons)
    done = Merge(
        kept_id=kept_id, merged_id=merged_id, kept_name=kept.name, merged_name=gone.name,
        reason=reason.strip(), by_id=actor.id,
    )  # fmt: skip
    movers = current_features().movers_of(EMPLOYERS)
    move_rows(done, movers)
    settled = settle(done, movers)
    with following(done, movers) as followed:
        changed = [*_set_fields(kept, gone, values), *_keep_names(done, kept)]
        signals.employers_merged.send(kept, merged=gone)
    done.notes = [*settled, *changed, *followed]
    db.session.add(done)
    _decide_pair(done, actor)
    _tell(done, actor)
    reindex([kept_id, merged_id])
    signals.employers_rewritten.send((kept_id, merged_id))
    return done


def _taken_code(code: str | None, *own: int) -> list[object]:
    query = select(Employer.id).where(Employer.uscc == code, Employer.id.not_in(own))
    if not code or db.session.scalar(query) is None:
        return []
    return [_l("A third employer has this credit code: %(code)s.", code=code)]


def _set_fields(kept: Employer, gone: Employer, values: Mapping[str, Any]) -> list[Note]:
    """Writes the chosen values and makes the merged record a signpost. Codes change places: none is lost."""
    values = {**values, **_reckoned(kept, gone)}
    new = {name: value for name, value in values.items() if getattr(kept, name) != value}
    if "name" in new:
        new["name_key"] = name_key(new["name"])
    left: dict[str, Any] = {"merged_into_id": kept.id}
    for name in ("uscc", "employer_account_no"):
        if name in new and getattr(gone, name) == new[name]:
            left[name] = getattr(kept, name)
    notes = [note(kept, new), note(gone, left)] if new else [note(gone, left)]
    if "uscc" in left:
        gone.uscc = kept.uscc = None
        db.session.flush()
    for record, fields in ((kept, new), (gone, left)):
        for name, value in fields.items():
            setattr(record, name, value)
    db.session.flush()
    return notes


def _reckoned(kept: Employer, gone: Employer) -> dict[str, Any]:
    """What nobody needs to choose: the later contact, and whoever met the employer first."""
    found: dict[str, Any] = {}
    if gone.last_contact_on and (not kept.last_contact_on or gone.last_contact_on > kept.last_contact_on):
        found["last_contact_on"] = gone.last_contact_on
    if kept.first_contact_owner_id is None and gone.first_contact_owner_id is not None:
        found["first_contact_owner_id"] = gone.first_contact_owner_id
    return found


def _keep_names(done: Merge, kept: Employer) -> list[Note]:
    """Both names go on being found: whichever is not the name any more becomes a former one."""
    known = {name_key(kept.name), *(former.name_key for former in kept.former_names)}
    added: list[FormerName] = []
    for name in (done.kept_name, done.merged_name):
        if name_key(name) not in known:
            known.add(name_key(name))
            added.append(FormerName(name=name))
    kept.former_names.extend(added)
    db.session.flush()
    return [{"t": FormerName.__tablename__, "id": former.id} for former in added]


def _decide_pair(done: Merge, actor: Actor) -> None:
    first, second = sorted((done.kept_id, done.merged_id))
    db.session.execute(
        update(DuplicatePair)
        .where(DuplicatePair.first_id == first, DuplicatePair.second_id == second)
        .values(state=PairState.MERGED, decided_by_id=actor.id, decided_at=now(), reason=done.reason),
        execution_options={"synchronize_session": False},
    )


def _tell(done: Merge, actor: Actor) -> None:
    db.session.flush()
    timeline.record(
        done.kept_id,
        "employer",
        msgid("Merged: the record “%(name)s”, with %(rows)s entries"),
        params={"name": done.merged_name, "rows": done.moved},
        actor=actor,
        endpoint="merging.show",
        link_id=done.id,
    )
    details = {"merged_id": done.merged_id, "merged": done.merged_name, "rows": done.moved}
    audit.record(msgid("Employers merged"), done.kept, details={**details, "reason": done.reason})
