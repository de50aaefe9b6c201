"""One import of one file (a batch), and the rows of it that are worth remembering."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Branch, User
from app.core.db import EnumText, Model, Timestamps
from app.core.importing.spec import Outcome
from app.core.periods import Period


class BatchState(StrEnum):
    #: the headings are not known: a person has to say which column is which
    UNMAPPED = "unmapped"
    PREVIEWING = "previewing"
    PREVIEWED = "previewed"
    APPLYING = "applying"
    APPLIED = "applied"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"


#: A worker has something to do in these; a sweep looks after them.
BUSY = (BatchState.PREVIEWING, BatchState.APPLYING, BatchState.CANCELLING, BatchState.UNDOING)
#: In these the worker takes rows back.
TAKING_BACK = (BatchState.CANCELLING, BatchState.UNDOING)


class ImportBatch(Timestamps, Model):
    """One file, one spec. The counts are the dry run's until it is applied, then those of what was done."""

    __tablename__ = "import_batches"
    __table_args__ = (
        Index("ix_import_batches_branch", "branch_id", "id"),
        Index("ix_import_batches_state", "state", "lease_until"),
        Index("ix_import_batches_file", "sha256", "spec"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    spec: Mapped[str] = mapped_column(String(40))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    file_name: Mapped[str] = mapped_column(String(200))
    #: of the file's bytes; also its name in the folder `imports` of the instance
    sha256: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200), default="")
    #: who sends files like this one ("CCB oilfield branch"), in the department's own words
    source: Mapped[str | None] = mapped_column(String(80))
    #: how the headings were read: {"titles", "columns", "row"}, "by", "on", "source" of a person's word,
    #: and "sheet", "unread" where other sheets of the file look like the one that was read
    layout: Mapped[dict[str, Any] | None]
    #: the day the file speaks of; empty until the month is known from the file, where nobody said
    as_of: Mapped[date | None]
    period: Mapped[Period | None]

    state: Mapped[BatchState] = mapped_column(EnumText(BatchState), default=BatchState.PREVIEWING)
    #: why it failed: {"code", "detail"} of a refusal, or {"error": type}
    failure: Mapped[dict[str, Any]] = mapped_column(default=dict)
    total: Mapped[int | None]
    #: rows handled so far, and the number of the last of them in the sheet
    done: Mapped[int] = mapped_column(default=0)
    last_row: Mapped[int] = mapped_column(default=0)
    new: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    #: rejections by reason, and remarks on other rows: {"uscc.wrong_check_digit": 3}
    reasons: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: rows that contradict what people corrected, and what was decided of them (core.importing.conflicts)
    conflicts: Mapped[int] = mapped_column(default=0, server_default="0")
    answers: Mapped[dict[str, Any] | None]
    undone: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0)

    #: the run that works on it, and until when nobody else may
    worker: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    #: when the file and the rows were deleted; the counts stay, and nothing can be taken back any more
    cleared_at: Mapped[datetime | None]

    branch: Mapped[Branch] = relationship()
    created_by: Mapped[User | None] = relationship(foreign_keys=[created_by_id])

    @property
    def busy(self) -> bool:
        return self.state in BUSY


class ImportRow(Model):
    """A row that was new, changed, rejected or remarkable. Other unchanged rows are only counted.

    Of a dry run the rejected rows and some samples are kept; of an applied batch every row that wrote.
    """

    __tablename__ = "import_rows"
    #: the batch is the event; its rows are the evidence
    __audited__: ClassVar[bool] = False
    __table_args__ = (
        Index("ix_import_rows_outcome", "batch_id", "outcome", "number"),
        Index("ix_import_rows_number", "batch_id", "number"),
        # holds only the few that contradict somebody
        Index(
            "ix_import_rows_conflict",
            "batch_id",
            "number",
            sqlite_where=text("conflict = 1"),
            postgresql_where=text("conflict"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("import_batches.id", ondelete="CASCADE"))
    number: Mapped[int]
    outcome: Mapped[Outcome] = mapped_column(EnumText(Outcome))
    key: Mapped[str] = mapped_column(String(120), default="")
    record_id: Mapped[int | None]
    #: the cells as written (rejected rows) or the values as read (samples of new rows)
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: what was done, as `core.undoing.reversible` notes it
    notes: Mapped[list[Any]] = mapped_column(default=list)
    #: [column, code, params] each
    reasons: Mapped[list[Any]] = mapped_column(default=list)
    #: the file contradicts what a person corrected
    conflict: Mapped[bool | None]
    #: None until undo came by; False when it left the row, and `kept` says why
    undone: Mapped[bool | None]
    #: {"code", "table", "names"} of `core.undoing.taking_back.Kept`
    kept: Mapped[dict[str, Any]] = mapped_column(default=dict)
