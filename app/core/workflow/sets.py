"""Workflow for sets: many records by one transition, in a few statements."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Table, func, select, update

from app.core import signals, timeline
from app.core.bulk import Columns, insert_columns
from app.core.clock import now
from app.core.db import among, db
from app.core.features import current_features
from app.core.workflow.declared import Workflow
from app.core.workflow.engine import SUMMARY, Transition, WorkflowHistory

CHUNK = 5000
#: the name in the history of a state that an undo set back
RESTORED = "restored"
#: moves with the same evidence are written faster when they share it
NOTHING: Mapping[str, Any] = {}


class SetMove(NamedTuple):
    """One record's part of a set-wise transition, with its evidence."""

    record_id: int
    employer_id: int | None
    source: str
    evidence: Mapping[str, Any] = NOTHING


def transition_many(
    workflow: Workflow[Any], name: str, moves: Sequence[SetMove], *, comment: str = "", placed: bool = False
) -> list[int]:
    """The system moves many records by one transition, in a few statements; gives the ids that moved.

    Only for transitions without guards or effects (they look at one record at a time). A record that is
    no longer in the source state it was planned from stays where it is. With `placed` the records were
    created in the target state in this transaction, and the move only remains to be told.
    """
    chosen = workflow.named(name)
    if chosen.guards or chosen.effects or current_features().guards_for(workflow.name, name):
        raise ValueError(f"{workflow.name}.{name} has guards or effects: move its records one at a time")
    planned = [move for move in moves if move.source in chosen.sources]
    moved = {move.record_id for move in planned} if placed else _update_set(workflow, chosen, planned)
    done = [move for move in planned if move.record_id in moved]
    _write_set(workflow, chosen, done, comment)
    if done:
        signals.after_transition.send(
            workflow, record=None, move=None, set_moves=done, transition=chosen, placed=placed
        )
    return [move.record_id for move in done]


def _update_set(workflow: Workflow[Any], chosen: Transition, moves: Sequence[SetMove]) -> set[int]:
    """Updates source by source, so that a record changed meanwhile is not moved; gives the ids that moved."""
    db.session.flush()
    moved: set[int] = set()
    table: Table = workflow.model.__table__
    column = table.c[workflow.field]
    values: dict[str, Any] = {workflow.field: chosen.target}
    if workflow.since:
        values[workflow.since] = now()
    for source in {move.source for move in moves}:
        ids = [move.record_id for move in moves if move.source == source]
        for chunk in (ids[i : i + CHUNK] for i in range(0, len(ids), CHUNK)):
            here = among(table.c.id, chunk) & (column == source)
            moving = update(table).where(here).values(values).returning(table.c.id)
            moved.update(db.session.scalars(moving))
    db.session.expire_all()
    return moved


def _write_set(workflow: Workflow[Any], chosen: Transition, moves: Iterable[SetMove], comment: str) -> None:
    moving = [(move, chosen.target) for move in moves]
    _write_rows(workflow, chosen.name, moving, comment)


def note_restored(
    workflow: Workflow[Any], restored: Sequence[tuple[SetMove, str]], *, comment: str = ""
) -> None:
    """Writes down, and tells, states that an undo set back: each with the state it is in again."""
    _write_rows(workflow, RESTORED, restored, comment)
    for target in {target for _move, target in restored}:
        moves = [move for move, state in restored if state == target]
        back = Transition(RESTORED, RESTORED, tuple({move.source for move in moves}), target, None)
        signals.after_transition.send(workflow, record=None, move=None, set_moves=moves, transition=back)


def set_back(workflow: Workflow[Any], ids: Sequence[int]) -> list[tuple[SetMove, str]]:
    """Records whose state is not the one that their history ends with, as after an undo."""
    table: Table = workflow.model.__table__
    state, rows = table.c[workflow.field], WorkflowHistory
    last = (
        select(func.max(rows.id))
        .where(rows.workflow == workflow.name, among(rows.record_id, ids))
        .group_by(rows.record_id)
    )
    whose = table.c.employer_id if "employer_id" in table.c else table.c.id
    query = (
        select(table.c.id, whose, rows.target, state)
        .join(rows, rows.record_id == table.c.id)
        .where(rows.id.in_(last), rows.target != state)
    )
    found: Sequence[Any] = db.session.execute(query).all()
    return [(SetMove(id_, employer, ended), now_in.value) for id_, employer, ended, now_in in found]


def _write_rows(
    workflow: Workflow[Any], name: str, moving: Sequence[tuple[SetMove, str]], comment: str
) -> None:
    """One history row and one timeline entry for each."""
    if not moving:
        return
    moment, answers = now(), dict[str, Any]()
    number = len(moving)
    constant = {
        "workflow": workflow.name,
        "transition": name,
        "at": moment,
        "actor_name": "",
        "comment": comment,
        "answers": answers,
    }
    columns: Columns = {column: [value] * number for column, value in constant.items()}
    columns["record_id"] = [move.record_id for move, _target in moving]
    columns["source"] = [move.source for move, _target in moving]
    columns["target"] = [target for _move, target in moving]
    columns["evidence"] = [move.evidence for move, _target in moving]
    db.session.flush()
    insert_columns(db.metadata.tables[WorkflowHistory.__tablename__], columns)
    steps = {
        (move.source, target): {"workflow": workflow.name, "source": move.source, "target": target}
        for move, target in moving
    }
    happenings = (
        timeline.Happening(
            move.employer_id,
            SUMMARY,
            steps[move.source, target],
            moment,
            link_id=move.record_id if workflow.endpoint else None,
        )
        for move, target in moving
        if move.employer_id is not None
    )
    timeline.record_many(workflow.kind, happenings, endpoint=workflow.endpoint)
