"""Taking a merge back."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import update

from app.audit import services as audit
from app.core import signals, timeline
from app.core.clock import now
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.language.i18n import msgid
from app.core.merging.joining import expanded
from app.core.merging.pairing import PairState
from app.core.permissions import Actor
from app.core.undoing.taking_back import NotedRow, take_back
from app.employers.merging.models import DuplicatePair, Merge
from app.employers.merging.queries import find_merge, obstacles_to_undoing, two
from app.employers.search.services import reindex

DEPENDED_ON = _l("Something newer depends on this merge, so it stays. The page lists what it is.")


def undo(merge_id: int, actor: Actor) -> Merge:
    """Makes two records of one again, each with what was its own, unless something newer depends on it.

    What was recorded at the kept one since stays there.
    """
    done = find_merge(merge_id, actor, lock=True)
    kept, _gone = two(done.kept_id, done.merged_id, actor, lock=True)
    if done.undone_at is not None:
        raise Conflict(_l("This merge was taken back already."))
    if kept.merged_into_id is not None:
        raise DomainError(
            _l("“%(name)s” was merged into another record since. Take that back first.", name=kept.name)
        )
    if obstacles_to_undoing(done):
        raise DomainError(DEPENDED_ON)
    db.session.flush()
    outcome = take_back([NotedRow(done.id, expanded(done))], {}, lambda _table, _ids: None)
    if outcome.kept:
        raise DomainError(DEPENDED_ON)
    done.undone_at, done.undone_by_id = now(), actor.id
    _reopen_pair(done)
    _tell_of_undoing(done, actor)
    reindex([done.kept_id, done.merged_id])
    signals.employers_rewritten.send((done.kept_id, done.merged_id))
    return done


def _reopen_pair(done: Merge) -> None:
    first, second = sorted((done.kept_id, done.merged_id))
    db.session.execute(
        update(DuplicatePair)
        .where(DuplicatePair.first_id == first, DuplicatePair.second_id == second)
        .values(state=PairState.OPEN, decided_by_id=None, decided_at=None, reason=""),
        execution_options={"synchronize_session": False},
    )


def _tell_of_undoing(done: Merge, actor: Actor) -> None:
    db.session.flush()
    for employer_id in (done.kept_id, done.merged_id):
        timeline.record(
            employer_id,
            "employer",
            msgid("Merge taken back: “%(kept)s” and “%(merged)s” are two records again"),
            params={"kept": done.kept_name, "merged": done.merged_name},
            actor=actor,
            endpoint="merging.show",
            link_id=done.id,
        )
    audit.record(msgid("Merge of employers taken back"), done.kept, details={"merged": done.merged_name})
