"""What somebody asked of many rows of a list, kept: what it was, how far it is, and what came of each row.

A run is a bulk action (one `ListRunRow` for each row) or a long export (a file instead). Short ones are
carried out within the request and kept all the same, so that each has its result and its way back.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, String, Table, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.config import current_settings
from app.core.bulk import insert_rows
from app.core.criteria.sentences import sentence
from app.core.db import Base, EnumText, Model, Timestamps, db
from app.core.errors import NotFound
from app.core.finding import the_one
from app.core.language.i18n import DEFAULT, in_chinese
from app.core.listing.state import ListState
from app.core.permissions import Actor

LONGEST_TITLE = 255


class RunKind(StrEnum):
    BULK = "bulk"
    EXPORT = "export"


class RunState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    STOPPING = "stopping"
    UNDOING = "undoing"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    UNDONE = "undone"
    #: an export whose file was removed
    EXPIRED = "expired"


class RowState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    SKIPPED = "skipped"
    UNDONE = "undone"
    #: done, and not to be undone any more
    KEPT = "kept"


BUSY = (RunState.WAITING, RunState.RUNNING, RunState.STOPPING, RunState.UNDOING)

STATE_LABELS = {
    RunState.WAITING: _l("In the queue"),
    RunState.RUNNING: _l("Under way"),
    RunState.STOPPING: _l("Being stopped"),
    RunState.UNDOING: _l("Being undone"),
    RunState.DONE: _l("Done"),
    RunState.STOPPED: _l("Stopped"),
    RunState.FAILED: _l("Failed"),
    RunState.UNDONE: _l("Undone"),
    RunState.EXPIRED: _l("File removed"),
}
STATE_TONES = {
    **dict.fromkeys(BUSY, "active"),
    RunState.DONE: "good",
    RunState.STOPPED: "warning",
    RunState.FAILED: "danger",
    RunState.UNDONE: "done",
    RunState.EXPIRED: "done",
}
ROW_LABELS = {
    RowState.WAITING: _l("Not done"),
    RowState.DONE: _l("Done"),
    RowState.SKIPPED: _l("Skipped"),
    RowState.UNDONE: _l("Undone"),
    RowState.KEPT: _l("Not undone"),
}
ROW_TONES = {
    RowState.WAITING: "neutral",
    RowState.DONE: "good",
    RowState.SKIPPED: "warning",
    RowState.UNDONE: "done",
    RowState.KEPT: "warning",
}


class ListRun(Timestamps, Model):
    """`tree`, `sort`, `columns` and `args` say of which list it was; `answers` what the action's form got.

    `updated_at` is also the heartbeat of whoever works on it.
    """

    __tablename__ = "list_runs"
    __audited__: ClassVar[bool] = False
    __table_args__ = (Index("ix_list_runs_state", "state", "updated_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[RunKind] = mapped_column(EnumText(RunKind))
    list_name: Mapped[str] = mapped_column(String(60))
    action: Mapped[str] = mapped_column(String(40), default="")
    actor_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    #: in which the reasons and the workbook are written
    language: Mapped[str] = mapped_column(String(8))
    state: Mapped[RunState] = mapped_column(EnumText(RunState), default=RunState.WAITING)
    args: Mapped[list[Any]] = mapped_column(default=list)
    tree: Mapped[dict[str, Any]]
    sort: Mapped[str] = mapped_column(String(60), default="")
    columns: Mapped[list[Any]] = mapped_column(default=list)
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: the criteria as a sentence, and the address of the list
    criteria: Mapped[str] = mapped_column(Text, default="")
    back: Mapped[str] = mapped_column(Text, default="")
    #: the actor's scope at the time: a file is not handed out after it has changed
    reach: Mapped[str] = mapped_column(String(160))
    #: why the file holds personal data in full; None: it does not
    reason: Mapped[str | None] = mapped_column(Text)
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    #: what went along with the rows, as the action counts it
    followed: Mapped[int] = mapped_column(default=0)
    undone: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0)
    #: failures in a row
    attempts: Mapped[int] = mapped_column(default=0)
    #: why it was not finished
    failure: Mapped[str] = mapped_column(Text, default="")
    finished_at: Mapped[datetime | None]

    actor: Mapped[Any] = relationship("User")

    @property
    def busy(self) -> bool:
        return self.state in BUSY

    @property
    def file(self) -> Path:
        """Where the workbook of an export is."""
        return exports_folder() / f"{self.id}.xlsx"


class ListRunRow(Model):
    """One row of a bulk action. `notes` are what it wrote (core.undoing.reversible); None: no way back."""

    __tablename__ = "list_run_rows"
    __audited__: ClassVar[bool] = False
    __table_args__ = (Index("ix_list_run_rows_run", "run_id", "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("list_runs.id", ondelete="CASCADE"))
    record_id: Mapped[int]
    title: Mapped[str] = mapped_column(String(LONGEST_TITLE), default="")
    state: Mapped[RowState] = mapped_column(EnumText(RowState), default=RowState.WAITING)
    reason: Mapped[str] = mapped_column(Text, default="")
    notes: Mapped[list[Any] | None] = mapped_column(default=None)


def exports_folder() -> Path:
    return current_settings().home / "exports"


def begin(kind: RunKind, state: ListState, **values: Any) -> ListRun:
    """A run over the list as it is looked at; flushed, nothing done yet."""
    run = ListRun(
        kind=kind,
        list_name=state.page.name,
        actor_id=state.actor.id,
        language=DEFAULT if in_chinese() else "en",
        args=[_kept(one) for one in state.args],
        tree=state.whole_tree,
        sort=state.sort,
        criteria=sentence(state.whole_tree, state.fields),
        back=state.url(),
        reach=reach_of(state.actor),
        **values,
    )
    db.session.add(run)
    db.session.flush()
    return run


def add_rows(run: ListRun, ids: Sequence[int]) -> None:
    """The rows to act on, in their order."""
    rows = [
        {"run_id": run.id, "record_id": id_, "title": "", "state": RowState.WAITING, "reason": ""}
        for id_ in ids
    ]
    table = ListRunRow.__table__
    assert isinstance(table, Table)  # noqa: S101 - for the type checker
    insert_rows(table, rows)


def reach_of(actor: Actor) -> str:
    """Which rows an actor reaches, as one word that changes when they do."""
    return f"{actor.scope}:{actor.branch_path}"


def own(run_id: int, actor: Actor, *, lock: bool = False) -> ListRun:
    """A run of the actor's own; anybody else's does not exist."""
    query = select(ListRun).where(ListRun.id == run_id, ListRun.actor_id == actor.id)
    return the_one(query.with_for_update(of=ListRun) if lock else query, _l("There is no such result."))


def own_runs(actor: Actor, limit: int = 100) -> Sequence[ListRun]:
    """The actor's latest runs, newest first."""
    query = select(ListRun).where(ListRun.actor_id == actor.id).order_by(ListRun.id.desc()).limit(limit)
    return db.session.scalars(query).all()


# -- what a view hands to its list, as JSON ------------------------------------------------------------


def _kept(argument: Any) -> Any:
    if isinstance(argument, Model):
        return {"table": argument.__table__.name, "id": argument.id}  # type: ignore[attr-defined]
    if argument is None or isinstance(argument, int | str):
        return argument
    raise TypeError(f"a list cannot keep {argument!r} for later")


def restored(kept: Sequence[Any]) -> tuple[Any, ...]:
    """The arguments again; NotFound when a record has gone."""
    return tuple(_restored(one) for one in kept)


def _restored(kept: Any) -> Any:
    if not isinstance(kept, dict):
        return kept
    models = {mapper.class_.__table__.name: mapper.class_ for mapper in Base.registry.mappers}
    found = db.session.get(models[kept["table"]], kept["id"])
    if found is None:
        raise NotFound(_l("What this list belonged to is gone."))
    return found
