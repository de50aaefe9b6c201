"""Carrying out a bulk action row by row, in the request or by a worker, and taking it back.

A worker does some rows in each transaction, holding the run's own row meanwhile: two workers on one run take
turns, a killed one leaves rows that still wait, and nothing is done twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask_babel import force_locale
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from wtforms import Field
from wtforms.fields.choices import SelectFieldBase

from app.core import signals, timeline
from app.core.bulk import update_rows
from app.core.clock import now
from app.core.db import db
from app.core.errors import DomainError, Forbidden
from app.core.language import formats
from app.core.language.i18n import msgid, msgid_of
from app.core.listing.declaration import PAGES, ListDeclaration
from app.core.listing.parts import BulkAction
from app.core.listing.runs import LONGEST_TITLE, ListRun, ListRunRow, RowState, RunState, restored
from app.core.permissions import Actor, may, on_behalf_of
from app.core.undoing.noting import noting, settle
from app.core.undoing.reversible import Note, table_of
from app.core.undoing.taking_back import Kept, NotedRow, Undone, take_back

CHUNK = 100
TRIES = 3

TAKEN_BACK = msgid("Taken back: %(action)s")
GONE = _l("It is gone, or no longer in your reach.")
WHY_KEPT = {
    "edited": _l("It was changed since."),
    "gone": _l("What was created or changed is gone."),
    "in_use": _l("Something newer depends on it."),
    "taken": _l("What it would get back is another record's by now."),
}
LOST = _l("What was done here cannot be taken back by itself.")


@contextmanager
def resumed(run: ListRun) -> Iterator[None]:
    """The world as whoever asked had it: their rights, their language."""
    if not run.actor.active:
        raise Forbidden(_l("Whoever asked for this has left."))
    with on_behalf_of(run.actor), force_locale(run.language):
        yield


def page_of(run: ListRun) -> ListDeclaration:
    found = PAGES.get(run.list_name)
    if found is None:
        raise DomainError(_l("This list is no longer there."))
    return found


def action_of(run: ListRun) -> BulkAction | None:
    """What the run does, as the list offers it today."""
    page = PAGES.get(run.list_name)
    return page.action(run.action) if page else None


# -- doing ---------------------------------------------------------------------------------------------


def do_rows(run: ListRun, page: ListDeclaration, action: BulkAction, form: FlaskForm) -> bool:
    """Acts on the next rows that wait; whether there may be more. The caller commits."""
    actor = run.actor
    if not may(actor, action.permission):
        raise Forbidden(_l("Your role does not allow this. Ask your security administrator."))
    waiting = (
        select(ListRunRow.id, ListRunRow.record_id)
        .where(ListRunRow.run_id == run.id, ListRunRow.state == RowState.WAITING)
        .order_by(ListRunRow.id)
        .limit(CHUNK)
    )
    rows = db.session.execute(waiting).all()
    records = _records(page, run, actor, [row.record_id for row in rows])
    results = [_done(records.get(row.record_id), page, action, actor, form) for row in rows]
    # written together: an update of its own for each row would take as long as what it is about
    settle(note for result in results for note in result.notes or ())
    update_rows(table_of(ListRunRow), [one.values(row.id) for row, one in zip(rows, results, strict=True)])
    run.done += sum(one.state is RowState.DONE for one in results)
    run.skipped += sum(one.state is RowState.SKIPPED for one in results)
    run.followed += sum(one.followed for one in results)
    run.updated_at, run.attempts = now(), 0
    if len(rows) < CHUNK:
        finish(run, RunState.DONE)
    db.session.flush()
    return len(rows) == CHUNK


@dataclass(frozen=True, slots=True)
class _Result:
    """What came of one row."""

    state: RowState
    title: str = ""
    reason: str = ""
    notes: list[Note] | None = None
    followed: int = 0

    def values(self, row_id: int) -> dict[str, Any]:
        return {
            "id": row_id,
            "state": self.state,
            "title": self.title,
            "reason": self.reason,
            "notes": self.notes,
        }


def _records(page: ListDeclaration, run: ListRun, actor: Actor, ids: Sequence[int]) -> dict[int, Any]:
    """The rows through the list's own select, so that what left the actor's reach is not found."""
    query = page.select(actor, *restored(run.args)).where(page.key.in_(ids))
    single = len(query.column_descriptions) == 1
    found = db.session.execute(query.add_columns(page.key)).all()
    return {row[-1]: row[0] if single else row for row in found}


def links_of(run: ListRun, ids: Sequence[int], actor: Actor) -> dict[int, str]:
    """Where the records of these rows are looked at, of those that the reader reaches."""
    page = PAGES.get(run.list_name)
    named = page.columns[0] if page else None
    if page is None or named is None or named.link is None or not ids:
        return {}
    records = _records(page, run, actor, ids)
    return {key: url for key, record in records.items() if (url := named.link(record))}


def _done(record: Any, page: ListDeclaration, action: BulkAction, actor: Actor, form: FlaskForm) -> _Result:
    """Acts on one row, in a savepoint: a refusal costs only this one."""
    if record is None:
        return _Result(RowState.SKIPPED, reason=str(GONE))
    title = page.title_of(record)[:LONGEST_TITLE]
    try:
        with db.session.begin_nested(), noting() as noted:
            followed = action.act(record, actor, form) or 0
            db.session.flush()
    except DomainError as error:
        return _Result(RowState.SKIPPED, title, str(error))
    notes = noted.notes if action.undoable and noted.whole else None
    return _Result(RowState.DONE, title, notes=notes, followed=followed)


def finish(run: ListRun, state: RunState) -> None:
    run.state, run.finished_at = state, now()
    action = action_of(run)
    signals.list_acted.send(
        run.list_name,
        run=run,
        title=msgid_of(action.label) if action else run.action,
        actor_id=run.actor_id,
        state=state.value,
        counts={name: getattr(run, name) for name in ("done", "skipped", "undone", "kept")},
        criteria=run.criteria,
    )


def form_of(action: BulkAction, answers: Mapping[str, Any]) -> FlaskForm:
    """The action's form as it was answered; DomainError when an answer is no longer possible."""
    form = action.form(formdata=MultiDict(answers), meta={"csrf": False})
    if not form.validate():
        said = [str(one) for errors in form.errors.values() for one in errors]
        raise DomainError(_l("What was chosen is no longer possible. Start again."), said)
    return form


def answered(run: ListRun) -> list[tuple[str, str]]:
    """What was filled in for the action: label and answer in the reader's words, empty ones left out."""
    action = action_of(run)
    if action is None or not run.answers:
        return []
    form = action.form(formdata=MultiDict(run.answers), meta={"csrf": False})
    found = ((str(one.label.text), _answer(one)) for one in form if one.name in run.answers)
    return [(label, said) for label, said in found if said]


def _answer(field: Field) -> str:
    if isinstance(field, SelectFieldBase):
        chosen = [str(label) for _value, label, selected, *_ in field.iter_choices() if selected]
        return formats.display(chosen) if chosen else ""
    return formats.display(field.data) if field.data else ""


def go_on(run_id: int) -> bool:
    """A worker's next step with a bulk action: some rows done or undone; whether there is more to do."""
    run = _held(run_id)
    if run.state is RunState.STOPPING:
        finish(run, RunState.STOPPED)
    if not run.busy:
        return False
    try:
        with resumed(run):
            return undo_rows(run) if run.state is RunState.UNDOING else _do_more(run)
    except DomainError as refusal:
        give_up(run, refusal)
        return False


def _do_more(run: ListRun) -> bool:
    action = action_of(run)
    if action is None:
        raise DomainError(_l("This action is no longer there."))
    run.state = RunState.RUNNING
    return do_rows(run, page_of(run), action, form_of(action, run.answers))


def _held(run_id: int) -> ListRun:
    query = select(ListRun).where(ListRun.id == run_id).with_for_update(of=ListRun)
    return db.session.scalars(query, execution_options={"populate_existing": True}).one()


def give_up(run: ListRun, reason: object) -> None:
    """The run fails as a whole; `reason` is told in the language of whoever asked."""
    with force_locale(run.language):
        run.failure = str(reason)
    finish(run, RunState.FAILED)


def stumble(run_id: int) -> None:
    """After an accident of ours: tried again some times, then given up."""
    run = _held(run_id)
    run.attempts += 1
    if run.attempts >= TRIES and run.busy:
        give_up(run, _l("It failed several times for a reason of our own; the operator's log tells more."))


# -- undoing -------------------------------------------------------------------------------------------


def may_undo(run: ListRun, actor: Actor) -> bool:
    """Whoever did it and still may, where the action says that it can be taken back."""
    action = action_of(run)
    return (
        action is not None
        and action.undoable
        and run.state in {RunState.DONE, RunState.STOPPED, RunState.FAILED}
        and run.done > run.undone + run.kept
        and may(actor, action.permission)
    )


def undo_rows(run: ListRun) -> bool:
    """Takes the last rows back that are not yet; whether there may be more. The caller commits."""
    query = (
        select(ListRunRow)
        .where(ListRunRow.run_id == run.id, ListRunRow.state == RowState.DONE)
        .order_by(ListRunRow.id.desc())
        .limit(CHUNK)
    )
    rows = db.session.scalars(query).all()
    actor = run.actor
    reached = _records(page_of(run), run, actor, [row.record_id for row in rows])
    ready = [row for row in rows if row.notes is not None and row.record_id in reached]
    result = take_back([NotedRow(row.id, _stored(row.notes)) for row in ready], {}, lambda _table, _ids: None)
    for row in rows:
        _mark(run, row, row in ready, result.kept.get(row.id), row.record_id in reached)
    _tell(run, result, actor)
    run.updated_at, run.attempts = now(), 0
    if len(rows) < CHUNK:
        finish(run, RunState.UNDONE)
    db.session.flush()
    return len(rows) == CHUNK


def _stored(notes: list[Any] | None) -> Sequence[Note]:
    return notes or ()


def _mark(run: ListRun, row: ListRunRow, ready: bool, kept: Kept | None, reached: bool) -> None:
    if ready and kept is None:
        row.state = RowState.UNDONE
        run.undone += 1
        return
    row.state = RowState.KEPT
    row.reason = str(WHY_KEPT[kept.code] if kept else LOST if reached else GONE)
    run.kept += 1


def _tell(run: ListRun, result: Undone, actor: Actor) -> None:
    """The story of each employer that was set back says so."""
    action = action_of(run)
    params = {"action": {"msgid": msgid_of(action.label) if action else run.action, "params": {}}}
    happenings = (timeline.Happening(id_, TAKEN_BACK, params) for id_ in result.restored.get("employers", ()))
    timeline.record_many("employer", happenings, actor=actor)
