"""One person's end of a day."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.db import Model, Timestamps


class DayClosing(Timestamps, Model):
    """What was done, what stays open and why, what comes first next.

    Without `closed_at`: never closed, unless it is a day of leave, which may also lie ahead.
    """

    __tablename__ = "day_closings"
    __table_args__ = (
        UniqueConstraint("user_id", "day"),
        Index("ix_day_closings_branch_day", "branch_id", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    day: Mapped[date]
    closed_at: Mapped[datetime | None]
    on_leave: Mapped[bool] = mapped_column(default=False, server_default=false())
    done: Mapped[int] = mapped_column(default=0)
    left_open: Mapped[int] = mapped_column(default=0)
    #: what was due and stays open: task_id, what, due_on, why, note
    rest: Mapped[list[Any]] = mapped_column(default=list)
    first_next: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")

    user: Mapped[User] = relationship()

    @property
    def missed(self) -> bool:
        """Whether it is one that should have been closed, or should be."""
        return self.closed_at is None and not self.on_leave
