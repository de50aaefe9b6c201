"""Pairs that may be one employer, what they are found by, and the merges that were made."""

from enum import StrEnum
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.db import EnumText, Model
from app.core.merging.joining import Joining
from app.core.merging.pairing import Pairing
from app.employers.models import Employer


class MatchKind(StrEnum):
    """What two records can have in common."""

    CODE = "code"
    ACCOUNT = "account"
    NAME = "name"
    PHONE = "phone"
    ADDRESS = "address"


class MatchKey(Model):
    """Something by which an employer can be recognised, reduced to what spellings have in common.

    Made anew by a job. Without a foreign key: imports that are undone need not know of it.
    """

    __tablename__ = "employer_match_keys"
    __audited__: ClassVar[bool] = False
    __table_args__ = (Index("ix_employer_match_keys_key", "kind", "key", "employer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int]
    kind: Mapped[MatchKind] = mapped_column(EnumText(MatchKind))
    key: Mapped[str] = mapped_column(String(255))
    #: a name that it no longer has
    former: Mapped[bool] = mapped_column(default=False)


class DuplicatePair(Pairing, Model):
    """Two records that look like one employer."""

    __tablename__ = "employer_pairs"
    __audited__: ClassVar[bool] = False
    __table_args__ = (
        UniqueConstraint("first_id", "second_id"),
        Index("ix_employer_pairs_state", "state", "score", "id"),
        Index("ix_employer_pairs_second", "second_id"),
    )

    first: Mapped[Employer] = relationship(
        primaryjoin="foreign(DuplicatePair.first_id) == Employer.id", viewonly=True
    )
    second: Mapped[Employer] = relationship(
        primaryjoin="foreign(DuplicatePair.second_id) == Employer.id", viewonly=True
    )
    decided_by: Mapped[User | None] = relationship()


_STANDING = text("undone_at IS NULL")


class Merge(Joining, Model):
    """One employer's record merged into another."""

    __tablename__ = "employer_merges"
    __table_args__ = (
        Index("ix_employer_merges_kept", "kept_id", "id"),
        # a second click, or a second person, finds it done
        Index(
            "uq_employer_merges_standing",
            "merged_id",
            unique=True,
            sqlite_where=_STANDING,
            postgresql_where=_STANDING,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kept_id: Mapped[int] = mapped_column(ForeignKey("employers.id"))
    merged_id: Mapped[int] = mapped_column(ForeignKey("employers.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    kept: Mapped[Employer] = relationship(foreign_keys=[kept_id])
    merged: Mapped[Employer] = relationship(foreign_keys=[merged_id])
    by: Mapped[User] = relationship(foreign_keys=[by_id])
    undone_by: Mapped[User | None] = relationship(foreign_keys=[undone_by_id])
