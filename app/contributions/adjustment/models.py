"""The drive of a year, and one row for each employer in it."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.clock import now
from app.core.db import EnumText, Model, Money, Timestamps
from app.employers.models import Employer


class AdjustmentState(StrEnum):
    LISTED = "listed"
    INVITED = "invited"
    ATTENDED = "attended"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    CHECKED = "checked"


class AdjustmentDrive(Timestamps, Model):
    """The adjustment of one contribution year (July of `year` to the next June) and its window.

    Floor and ceiling are the settings that hold on the first day of that year (core.rules.rates).
    """

    __tablename__ = "adjustment_drives"

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(unique=True)
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    begun_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class Adjustment(Timestamps, Model):
    """An employer in the drive. Bases are yuan a month; `total_base` is the sum over its `heads`."""

    __tablename__ = "adjustments"
    #: filled by the ten thousand; what changes is told by the history of its workflow
    __audited__ = False
    __table_args__ = (
        UniqueConstraint("drive_id", "employer_id"),
        Index("ix_adjustments_state", "drive_id", "state"),
        Index("ix_adjustments_employer", "employer_id", "drive_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    drive_id: Mapped[int] = mapped_column(ForeignKey("adjustment_drives.id", ondelete="CASCADE"))
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    state: Mapped[AdjustmentState] = mapped_column(EnumText(AdjustmentState), default=AdjustmentState.LISTED)
    since: Mapped[datetime] = mapped_column(default=now)
    invited_on: Mapped[date | None]
    attended_on: Mapped[date | None]
    submitted_on: Mapped[date | None]
    heads: Mapped[int | None]
    total_base: Mapped[Decimal | None] = mapped_column(Money)
    lowest: Mapped[Decimal | None] = mapped_column(Money)
    highest: Mapped[Decimal | None] = mapped_column(Money)
    #: why somebody returned it
    note: Mapped[str] = mapped_column(String(200), default="")

    drive: Mapped[AdjustmentDrive] = relationship()
    employer: Mapped[Employer] = relationship()
