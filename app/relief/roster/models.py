"""A roster of key employers, and what each of them answered."""

from datetime import date
from enum import StrEnum

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.db import EnumText, Model, Timestamps
from app.employers.models import Employer


class Intent(StrEnum):
    NONE = "none"
    UNDECIDED = "undecided"
    DEFERMENT = "deferment"
    RATE_CUT = "rate_cut"
    BOTH = "both"


INTENT_LABELS = {
    Intent.NONE: _l("Needs no relief"),
    Intent.UNDECIDED: _l("Still undecided"),
    Intent.DEFERMENT: _l("Wants deferment"),
    Intent.RATE_CUT: _l("Wants a rate reduction"),
    Intent.BOTH: _l("Wants both"),
}
INTENT_TONES = {
    Intent.NONE: "neutral",
    Intent.UNDECIDED: "warning",
    Intent.DEFERMENT: "active",
    Intent.RATE_CUT: "active",
    Intent.BOTH: "active",
}
WANTS = (Intent.DEFERMENT, Intent.RATE_CUT, Intent.BOTH)


class ReliefRoster(Timestamps, Model):
    """One round of surveying; `due_on` is the day by which each employer is to be asked."""

    __tablename__ = "relief_rosters"

    id: Mapped[int] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    due_on: Mapped[date]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))

    made_by: Mapped[User] = relationship()


class ReliefRosterLine(Timestamps, Model):
    """One employer of a roster: asked when and by whom, what it intends, and what was done about it."""

    __tablename__ = "relief_roster_lines"
    __table_args__ = (
        UniqueConstraint("roster_id", "employer_id"),
        Index("ix_relief_roster_lines_employer", "employer_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    roster_id: Mapped[int] = mapped_column(ForeignKey("relief_rosters.id", ondelete="CASCADE"))
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    surveyed_on: Mapped[date | None]
    surveyed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    intent: Mapped[Intent | None] = mapped_column(EnumText(Intent))
    note: Mapped[str] = mapped_column(String(255), default="")
    handled_on: Mapped[date | None]
    handled_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    handled_how: Mapped[str] = mapped_column(String(255), default="")

    roster: Mapped[ReliefRoster] = relationship()
    employer: Mapped[Employer] = relationship()
    surveyed_by: Mapped[User | None] = relationship(foreign_keys=[surveyed_by_id])
    handled_by: Mapped[User | None] = relationship(foreign_keys=[handled_by_id])
