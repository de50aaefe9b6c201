"""The file of a closing, where employees' accounts went, and the central sealing of those nobody takes."""

from datetime import date, datetime
from enum import StrEnum

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.clock import now
from app.core.code_tables import of_table
from app.core.db import EnumText, Model, Timestamps
from app.employers.models import Employer
from app.lifecycle.papers.models import PaperCheck


class ClosingState(StrEnum):
    PREPARING = "preparing"
    REGISTERED = "registered"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


ENDED = (ClosingState.COMPLETED, ClosingState.WITHDRAWN)
_STANDING = "state NOT IN ('completed', 'withdrawn')"


class Closing(Timestamps, Model):
    """One closing of an account; of an employer one stands at a time.

    `event_on` is the day of the revocation, dissolution, bankruptcy … from which the law counts, with who
    says so (table fact_source) and the document. `people`: whose accounts were on the employer's account
    when the closing began, contributing or sealed there; None: not known.
    """

    __tablename__ = "closings"
    __table_args__ = (
        Index("ix_closings_employer", "employer_id", "id"),
        Index(
            "uq_closings_standing",
            "employer_id",
            unique=True,
            sqlite_where=text(_STANDING),
            postgresql_where=text(_STANDING),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    state: Mapped[ClosingState] = mapped_column(EnumText(ClosingState), default=ClosingState.PREPARING)
    since: Mapped[datetime] = mapped_column(default=now)
    begun_on: Mapped[date]
    begun_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str | None] = mapped_column(String(2), info=of_table("closing_reason"))
    event_on: Mapped[date | None]
    event_source: Mapped[str | None] = mapped_column(String(2), info=of_table("fact_source"))
    event_document: Mapped[str] = mapped_column(String(200), default="")
    #: the day on which the papers were taken in and the deregistration was registered with the centre
    registered_on: Mapped[date | None]
    people: Mapped[int | None]

    employer: Mapped[Employer] = relationship()
    begun_by: Mapped[User | None] = relationship()
    checks: Mapped[list["ClosingPaper"]] = relationship(
        cascade="all, delete-orphan", order_by="ClosingPaper.code"
    )

    @property
    def standing(self) -> bool:
        return self.state not in ENDED


class ClosingPaper(PaperCheck, Model):
    """What was found of one paper of a closing."""

    __tablename__ = "closing_papers"
    __table_args__ = (UniqueConstraint("closing_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    closing_id: Mapped[int] = mapped_column(ForeignKey("closings.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(3), info=of_table("closing_document"))


class SealingState(StrEnum):
    DRAFTED = "drafted"
    PROPOSED = "proposed"
    APPROVED = "approved"
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


OPEN_SEALINGS = (SealingState.PROPOSED, SealingState.APPROVED)


class Sealing(Timestamps, Model):
    """The central sealing (集中封存) of accounts that no employer takes: proposed, approved, done."""

    __tablename__ = "central_sealings"
    __table_args__ = (
        Index("ix_central_sealings_employer", "employer_id", "id"),
        Index("ix_central_sealings_state", "state", "since"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    state: Mapped[SealingState] = mapped_column(EnumText(SealingState), default=SealingState.DRAFTED)
    since: Mapped[datetime] = mapped_column(default=now)
    heads: Mapped[int]
    #: why nobody takes them, and how that was found out
    grounds: Mapped[str] = mapped_column(String(500))
    proposed_on: Mapped[date]
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    sealed_on: Mapped[date | None]
    #: the list of accounts as the system of record numbered it
    proof: Mapped[str] = mapped_column(String(200), default="")

    employer: Mapped[Employer] = relationship()
    proposed_by: Mapped[User] = relationship()


class PlacementKind(StrEnum):
    """Where accounts went: table A.6 of JGJ/T 320 knows the same ends."""

    TRANSFERRED = "transferred"
    PAID_OUT = "paid_out"
    SEALED = "sealed"


PLACEMENT_LABELS = {
    PlacementKind.TRANSFERRED: _l("Transferred to another employer"),
    PlacementKind.PAID_OUT: _l("Closed with a withdrawal"),
    PlacementKind.SEALED: _l("Centrally sealed"),
}


class Placement(Timestamps, Model):
    """So many employees' accounts left the employer's account on a day, with the document that proves it."""

    __tablename__ = "account_placements"
    __table_args__ = (
        Index("ix_account_placements_employer", "employer_id", "on"),
        Index("ix_account_placements_closing", "closing_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    #: None: before or without a closing
    closing_id: Mapped[int | None] = mapped_column(ForeignKey("closings.id"))
    sealing_id: Mapped[int | None] = mapped_column(ForeignKey("central_sealings.id"))
    kind: Mapped[PlacementKind] = mapped_column(EnumText(PlacementKind))
    heads: Mapped[int]
    on: Mapped[date]
    #: the employer or centre that took them
    destination: Mapped[str] = mapped_column(String(255), default="")
    proof: Mapped[str] = mapped_column(String(200))
    by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))

    by: Mapped[User] = relationship()
