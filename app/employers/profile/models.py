"""What colleagues write down about an employer: dated service notes, and flags of risk."""

from datetime import date

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.code_tables import of_table
from app.core.db import Model, Timestamps


class ServiceNote(Timestamps, Model):
    """A short text of a day that the next colleague should know; pinned ones stand first."""

    __tablename__ = "service_notes"
    __table_args__ = (Index("ix_service_notes_employer", "employer_id", "noted_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    noted_on: Mapped[date]
    body: Mapped[str] = mapped_column(String(1000))
    pinned: Mapped[bool] = mapped_column(default=False)
    by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))

    by: Mapped[User] = relationship()


class RiskFlag(Timestamps, Model):
    """A risk that stands from a day until somebody lowers it, and why."""

    __tablename__ = "risk_flags"
    __table_args__ = (
        Index("ix_risk_flags_employer", "employer_id", "until"),
        Index("ix_risk_flags_code", "code", "until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(2), info=of_table("risk"))
    since: Mapped[date]
    until: Mapped[date | None]
    note: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    #: who lowered it, and why
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    ending: Mapped[str] = mapped_column(Text, default="")

    by: Mapped[User] = relationship(foreign_keys=[by_id])
    ended_by: Mapped[User | None] = relationship(foreign_keys=[ended_by_id])
