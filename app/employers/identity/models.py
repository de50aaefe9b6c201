"""Kinship of employers, the contact who answers for each, and what was verified with them."""

from datetime import date, datetime
from enum import StrEnum

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.clock import now
from app.core.db import EnumText, Model, Timestamps
from app.employers.models import Contact, Employer


class RelationKind(StrEnum):
    """What the subject is to the object."""

    PARENT = "parent"
    BRANCH = "branch"
    GROUP = "group"
    #: 吸收合并: the object goes on, the subject is dissolved
    MERGER = "merger"
    #: 新设合并: the object is formed anew, all subjects are dissolved
    CONSOLIDATION = "consolidation"
    DIVISION = "division"
    SUCCESSION = "succession"


#: what the subject is to the object, the object to the subject, and the kind as a noun
SUBJECT_LABELS = {
    RelationKind.PARENT: _l("is subordinate to"),
    RelationKind.BRANCH: _l("is a branch office of"),
    RelationKind.GROUP: _l("belongs to the group of"),
    RelationKind.MERGER: _l("was absorbed by"),
    RelationKind.CONSOLIDATION: _l("was merged, with others, into the newly formed"),
    RelationKind.DIVISION: _l("was split off from"),
    RelationKind.SUCCESSION: _l("goes on, newly registered, as"),
}
OBJECT_LABELS = {
    RelationKind.PARENT: _l("has as subordinate"),
    RelationKind.BRANCH: _l("has as branch office"),
    RelationKind.GROUP: _l("has in its group"),
    RelationKind.MERGER: _l("absorbed"),
    RelationKind.CONSOLIDATION: _l("was newly formed by the merger of"),
    RelationKind.DIVISION: _l("gave rise by division to"),
    RelationKind.SUCCESSION: _l("goes on in place of"),
}
KIND_LABELS = {
    RelationKind.PARENT: _l("Subordination"),
    RelationKind.BRANCH: _l("Branch office"),
    RelationKind.GROUP: _l("Group"),
    RelationKind.MERGER: _l("Merger by absorption"),
    RelationKind.CONSOLIDATION: _l("Merger by new formation"),
    RelationKind.DIVISION: _l("Division"),
    RelationKind.SUCCESSION: _l("Re-registration"),
}
#: in these the object stands above the subject, so they cannot go round in a circle
HIERARCHICAL = (RelationKind.PARENT, RelationKind.BRANCH, RelationKind.GROUP)
#: in these the subject is dissolved, and the object takes over all that it owed
MERGERS = (RelationKind.MERGER, RelationKind.CONSOLIDATION)


_HOLDS = text("until IS NULL")


class EmployerRelation(Timestamps, Model):
    """One employer's kinship to another, from when to when, with the document that proves it."""

    __tablename__ = "employer_relations"
    __table_args__ = (
        # what has ended may begin again
        Index(
            "uq_employer_relations_holding",
            "kind",
            "subject_id",
            "object_id",
            unique=True,
            sqlite_where=_HOLDS,
            postgresql_where=_HOLDS,
        ),
        Index("ix_employer_relations_subject", "subject_id"),
        Index("ix_employer_relations_object", "object_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[RelationKind] = mapped_column(EnumText(RelationKind))
    subject_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    object_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    since: Mapped[date | None]
    until: Mapped[date | None]
    #: the document: its name, number and date
    proof: Mapped[str] = mapped_column(String(255), default="")
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    subject: Mapped[Employer] = relationship(foreign_keys=[subject_id])
    object: Mapped[Employer] = relationship(foreign_keys=[object_id])


class IdentityFile(Timestamps, Model):
    """What an employer deposited, and who answers for it; the latest counts, older ones are its history."""

    __tablename__ = "identity_files"
    __table_args__ = (Index("ix_identity_files_employer", "employer_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    filed_on: Mapped[date]
    #: the documents that were deposited and scanned
    materials: Mapped[str] = mapped_column(String(500), default="")
    filed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    contact: Mapped[Contact] = relationship(lazy="joined")
    filed_by: Mapped[User | None] = relationship()


class VerifiedBy(StrEnum):
    """How a fact was verified."""

    PHONE = "phone"
    ONLINE = "online"
    IN_PERSON = "in_person"
    #: by the documents on file, without asking anybody
    ON_FILE = "on_file"


WAY_LABELS = {
    VerifiedBy.PHONE: _l("By telephone"),
    VerifiedBy.ONLINE: _l("Online"),
    VerifiedBy.IN_PERSON: _l("In person"),
    VerifiedBy.ON_FILE: _l("From the documents on file"),
}


class VerificationResult(StrEnum):
    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    PENDING = "pending"


RESULT_LABELS = {
    VerificationResult.CONFIRMED: _l("Confirmed"),
    VerificationResult.REFUTED: _l("Not so"),
    VerificationResult.PENDING: _l("Answer outstanding"),
}
RESULT_TONES = {
    VerificationResult.CONFIRMED: "good",
    VerificationResult.REFUTED: "danger",
    VerificationResult.PENDING: "warning",
}


class Verification(Timestamps, Model):
    """What an employer was asked on behalf of one of its people, who then need not fetch a certificate."""

    __tablename__ = "verifications"
    __table_args__ = (
        Index("ix_verifications_employer", "employer_id", "at"),
        Index("ix_verifications_at", "at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(default=now)
    #: whom it is about
    person: Mapped[str] = mapped_column(String(60))
    question: Mapped[str] = mapped_column(String(255))
    way: Mapped[VerifiedBy] = mapped_column(EnumText(VerifiedBy))
    #: who answered
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"))
    answered_by: Mapped[str] = mapped_column(String(120), default="")
    result: Mapped[VerificationResult] = mapped_column(EnumText(VerificationResult))
    #: the documents that were scanned and filed
    materials: Mapped[str] = mapped_column(String(255), default="")
    by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))

    employer: Mapped[Employer] = relationship()
    by: Mapped[User] = relationship()
