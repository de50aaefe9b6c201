"""One person's end of a day."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.db import Model, Timestamps


class DayClosing(Timestamps, Model):
    """What was done, what stays open and why, what comes first next. Without `closed_at`: never closed."""

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
    done: Mapped[int] = mapped_column(default=0)
    left_open: Mapped[int] = mapped_column(default=0)
    #: what was due and stays open: task_id, what, due_on, why, note
    rest: Mapped[list[Any]] = mapped_column(default=list)
    first_next: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")

    user: Mapped[User] = relationship()
