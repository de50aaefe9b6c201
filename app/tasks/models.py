"""One table of everything somebody must do."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.db import EnumText, Model, Timestamps
from app.core.story import told
from app.employers.models import Employer


class TaskState(StrEnum):
    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


#: the kind of task that the deadline of a state opens
DEADLINE = "deadline"

_OPEN = "state = 'open' AND source_id IS NOT NULL"


class Task(Timestamps, Model):
    """`title` is a msgid or a person's own words; `params` fill a msgid's placeholders."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index("ix_tasks_owner_state_due", "owner_id", "state", "due_on", "id"),
        Index("ix_tasks_branch_state_due", "branch_id", "state", "due_on", "id"),
        Index("ix_tasks_employer", "employer_id", "state"),
        # what gave rise to a task asks for it once at a time, whatever runs twice or side by side
        Index(
            "uq_tasks_open_source",
            "source_type",
            "source_id",
            "kind",
            unique=True,
            sqlite_where=text(_OPEN),
            postgresql_where=text(_OPEN),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int | None] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: a key of KIND_LABELS in lists.py
    kind: Mapped[str] = mapped_column(String(32))
    title: Mapped[str] = mapped_column(String(255))
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    note: Mapped[str] = mapped_column(Text, default="")
    due_on: Mapped[date]
    #: the day it was due at first, if somebody put it off
    first_due_on: Mapped[date | None]
    state: Mapped[TaskState] = mapped_column(EnumText(TaskState), default=TaskState.OPEN)
    #: what gave rise to the task, such as ("visit", 12); with its kind it is opened once
    source_type: Mapped[str | None] = mapped_column(String(32))
    source_id: Mapped[int | None]
    result: Mapped[str] = mapped_column(Text, default="")
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    employer: Mapped[Employer | None] = relationship()
    owner: Mapped[User | None] = relationship(foreign_keys=[owner_id])

    @property
    def sentence(self) -> str:
        """What is to be done, in the reader's language."""
        return told(self.title, self.params)
