"""The file of an account opening: which papers are there, what other agencies did, how signing went."""

from datetime import date, datetime
from enum import StrEnum

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.clock import now
from app.core.code_tables import of_table
from app.core.db import EnumText, Model, Timestamps
from app.employers.models import Employer
from app.lifecycle.papers.models import PaperCheck


class OpeningState(StrEnum):
    PREPARING = "preparing"
    DEFERRED = "deferred"
    ACCEPTED = "accepted"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


_STANDING = "state NOT IN ('approved', 'withdrawn')"


class Opening(Timestamps, Model):
    """One account opening; of an employer there is one at a time that is neither approved nor withdrawn."""

    __tablename__ = "openings"
    __table_args__ = (
        Index("ix_openings_employer", "employer_id", "id"),
        Index("ix_openings_state", "state", "since"),
        Index(
            "uq_openings_standing",
            "employer_id",
            unique=True,
            sqlite_where=text(_STANDING),
            postgresql_where=text(_STANDING),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    state: Mapped[OpeningState] = mapped_column(EnumText(OpeningState), default=OpeningState.PREPARING)
    since: Mapped[datetime] = mapped_column(default=now)
    begun_on: Mapped[date]
    begun_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    #: who took the papers in; somebody else approves
    accepted_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    employer: Mapped[Employer] = relationship()
    begun_by: Mapped[User] = relationship(foreign_keys=[begun_by_id])
    accepted_by: Mapped[User | None] = relationship(foreign_keys=[accepted_by_id])
    checks: Mapped[list["DocumentCheck"]] = relationship(
        cascade="all, delete-orphan", order_by="DocumentCheck.code"
    )

    @property
    def standing(self) -> bool:
        return self.state not in {OpeningState.APPROVED, OpeningState.WITHDRAWN}


class DocumentCheck(PaperCheck, Model):
    """What was found of one paper of an opening."""

    __tablename__ = "document_checks"
    __table_args__ = (UniqueConstraint("opening_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    opening_id: Mapped[int] = mapped_column(ForeignKey("openings.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(3), info=of_table("opening_document"))


class BundleStep(Timestamps, Model):
    """What another agency has done for the employer in the same go (一件事)."""

    __tablename__ = "bundle_steps"
    __table_args__ = (UniqueConstraint("opening_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    opening_id: Mapped[int] = mapped_column(ForeignKey("openings.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(3), info=of_table("bundle_item"))
    done_on: Mapped[date]
    by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


class SigningKind(StrEnum):
    SIGNED = "signed"
    REFUSED = "refused"
    HELPED = "helped"


SIGNING_LABELS = {
    SigningKind.SIGNED: _l("Signed up online"),
    SigningKind.REFUSED: _l("Does not wish to sign"),
    SigningKind.HELPED: _l("Helped from afar"),
}


#: method, reason and channel
SIGNING_TABLES = {
    SigningKind.SIGNED: "signing_method",
    SigningKind.REFUSED: "signing_refusal",
    SigningKind.HELPED: "help_channel",
}


class SigningEvent(Timestamps, Model):
    """One step on the way to online signing. `code` is of the table that SIGNING_TABLES names."""

    __tablename__ = "signing_events"
    __table_args__ = (Index("ix_signing_events_employer", "employer_id", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    kind: Mapped[SigningKind] = mapped_column(EnumText(SigningKind))
    day: Mapped[date]
    code: Mapped[str] = mapped_column(String(3), info=of_table(*SIGNING_TABLES.values()))
    note: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))

    by: Mapped[User] = relationship()
