"""Writing a list as a workbook: its rows in its order, at once or by a worker with its progress told."""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core import signals
from app.core.clock import now
from app.core.criteria.trees import EVERYTHING
from app.core.db import Intent, db, intending
from app.core.errors import DomainError
from app.core.language import formats
from app.core.language.i18n import translated
from app.core.listing import paging
from app.core.listing.parts import Column
from app.core.listing.running import give_up, page_of, resumed
from app.core.listing.runs import ListRun, RunState, exports_folder, restored
from app.core.listing.state import ListState
from app.core.permissions import may
from app.core.sheets.workbooks import Notice, write_workbook

CHUNK = 500
#: the progress of a long export is told after so many rows
TELL_ROWS = 1000


class Stopped(Exception):
    """Whoever asked for the export wants it no more."""


class Counted:
    """Hands rows on and counts them; `tell` hears the count now and then."""

    def __init__(
        self, rows: Iterable[Sequence[Any]], tell: Callable[[int], None] = lambda _count: None
    ) -> None:
        self._rows = rows
        self._tell = tell
        self.count = 0

    def __iter__(self) -> Iterator[Sequence[Any]]:
        for row in self._rows:
            self.count += 1
            if self.count % TELL_ROWS == 0:
                self._tell(self.count)
            yield row


def rows_of(state: ListState, columns: Sequence[Column], reveal: bool, query: Any) -> Iterator[list[Any]]:
    """The cells of a query over the list, in the list's order."""
    in_full = [reveal and gives_in_full(state, column) for column in columns]
    query = query.options(*(option for column in columns for option in column.options))
    query = paging.ordered(query, state.order)
    single = len(query.column_descriptions) == 1
    for row in db.session.execute(query.execution_options(yield_per=CHUNK)):
        record = row[0] if single else row
        yield [column.exported(record, full) for column, full in zip(columns, in_full, strict=True)]


def gives_in_full(state: ListState, column: Column) -> bool:
    """Whether an export for a reason gives this reader the column's personal data in full."""
    permission = column.reveal_permission
    return column.personal and (permission is None or may(state.actor, permission))


def may_export(state: ListState) -> bool:
    permission = state.page.export_permission
    return permission is not None and may(state.actor, permission)


def may_export_in_full(state: ListState) -> bool:
    """Whether there is personal data in the list that the reader may take away in full."""
    permission = state.page.reveal_permission
    allowed = permission is not None and may_export(state) and may(state.actor, permission)
    return allowed and any(column.personal for column in state.page.columns)


def notice_of(state: ListState, columns: Sequence[Column], criteria: str, reason: str | None) -> Notice:
    """What the workbook says of itself: which rows of what, in which order, by whom and when, and why."""
    who, when = state.actor.name, formats.moment(now())
    taken = [(_("List"), str(state.page.title)), (_("Exported by"), who), (_("Exported at"), when)]
    rows = [(_("Criteria"), criteria), (_("Order"), _order_said(state))]
    if reason is None:
        masked = any(column.personal for column in columns)
        rows += [(_("Personal data"), _("Masked"))] if masked else []
        return Notice(_("About this export"), lambda count: [*taken, *rows, (_("Rows"), count)])
    why = translated(reason)
    terms = _("Use it for this reason only, pass it on to nobody, and delete it afterwards.")
    taken += [(_("Reason"), why), (_("Terms of use"), terms)]
    line = _("Personal data · %(who)s · %(when)s · %(why)s", who=who, when=when, why=why)
    return Notice(_("Personal data"), lambda count: [*taken, *rows, (_("Rows"), count)], line)


def _order_said(state: ListState) -> str:
    column = state.page.column(state.order.name)
    if column is None:
        return "—"
    words = _("%(column)s, descending") if state.order.descending else _("%(column)s, ascending")
    return str(words) % {"column": column.label}


def proof(content: IO[bytes], reason: str | None) -> dict[str, Any]:
    """What the trail keeps of a workbook with personal data: why it was taken, and its SHA-256."""
    if reason is None:
        return {}
    digest = hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]
    content.seek(0)
    return {"reason": reason, "sha256": digest}


def tell_exported(
    state: ListState, columns: Sequence[Column], rows: int, criteria: str, proven: Mapping[str, Any]
) -> None:
    """For the auditor; in the transaction that is open."""
    if proven:
        proven = {**proven, "in_full": [column.name for column in columns if gives_in_full(state, column)]}
    signals.list_exported.send(
        state.page.name,
        title=str(state.page.title),
        actor_id=state.actor.id,
        rows=rows,
        criteria=criteria,
        columns=[column.name for column in columns],
        personal=bool(proven),
        **proven,
    )


def write_export(run_id: int) -> None:
    """A worker's whole job for one export: from the start each time, so that a killed one loses only time."""
    run = db.session.get_one(ListRun, run_id)
    if run.state is RunState.STOPPING:
        _end(run, RunState.STOPPED)
        return
    if run.state not in {RunState.WAITING, RunState.RUNNING}:
        return
    try:
        with resumed(run):
            _write(run)
    except DomainError as refusal:
        db.session.rollback()
        give_up(db.session.get_one(ListRun, run_id), refusal)
    except Stopped:
        db.session.rollback()
        _end(db.session.get_one(ListRun, run_id), RunState.STOPPED)


def _write(run: ListRun) -> None:
    run_id, state, file = run.id, state_of(run), run.file
    reason = run.reason
    if not may_export(state) or (reason is not None and not may_export_in_full(state)):
        raise DomainError(_l("Your role does not allow this. Ask your security administrator."))
    columns, criteria = state.columns, run.criteria
    notice = notice_of(state, columns, criteria, reason)
    # all that asks the database comes before the commit: what follows must not begin a writing transaction
    rows = rows_of(state, columns, reason is not None, state.query)
    run.state = RunState.RUNNING
    db.session.commit()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = exports_folder() / f"draft-{secrets.token_hex(8)}"
    try:
        draft.touch(mode=0o600)
        counted = Counted(rows, lambda count: _progress(run_id, count))
        # a long export must not hold the writer's place: read in a transaction of its own
        with intending(Intent.READ):
            title, headings = str(state.page.title), [column.label for column in columns]
            write_workbook(draft, title, headings, counted, notice)
            db.session.rollback()
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    run = db.session.get_one(ListRun, run_id)
    run.done = run.total = counted.count
    with file.open("rb") as content:
        tell_exported(state, columns, counted.count, criteria, proof(content, reason))
    _end(run, RunState.DONE)


def _end(run: ListRun, state: RunState) -> None:
    run.state, run.finished_at = state, now()
    db.session.flush()


def _progress(run_id: int, done: int) -> None:
    """Tells how far it is, beside the reading transaction; raises Stopped when it is to stop."""
    with intending(Intent.WRITE), Session(db.engine) as session:
        wanted = session.scalar(select(ListRun.state).where(ListRun.id == run_id))
        session.execute(update(ListRun).where(ListRun.id == run_id).values(done=done, updated_at=now()))
        session.commit()
    if wanted is RunState.STOPPING:
        raise Stopped


def state_of(run: ListRun) -> ListState:
    """The list as it was looked at, for whoever asked."""
    page = page_of(run)
    return ListState(
        page=page,
        actor=run.actor,
        args=restored(run.args),
        fields=page.all_fields(),
        views=(),
        view=None,
        tree=run.tree or EVERYTHING,
        edited=True,
        words="",
        sort=run.sort,
        chosen=run.columns,
    )
