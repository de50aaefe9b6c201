"""How long what is kept, and what was deleted when."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import now
from app.core.db import Model, Timestamps


class RetentionRule(Timestamps, Model):
    """What the department has set for a rule that a feature declares (core.personal.retaining); without a row
    the rule is as it was declared."""

    __tablename__ = "retention_rules"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    months: Mapped[int]
    enabled: Mapped[bool]

    @property
    def name(self) -> str:
        return self.code


class RetentionRun(Model):
    """One run of one rule that found something to do, or was stopped in the middle of it."""

    __tablename__ = "retention_runs"
    __audited__: ClassVar[bool] = False  # each run is an event of its own
    __table_args__ = (Index("ix_retention_runs_code", "code", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40))
    months: Mapped[int]
    #: how many records were deleted or made anonymous so far
    done: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime] = mapped_column(default=now)
    #: None while it runs, and for ever when it was stopped: the next night goes on
    finished_at: Mapped[datetime | None]
