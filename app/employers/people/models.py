"""Merges of two records of one person."""

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.db import Model
from app.core.merging.joining import Joining
from app.employers.models import Contact

_STANDING = text("undone_at IS NULL")


class ContactMerge(Joining, Model):
    """One record of a person merged into another."""

    __tablename__ = "contact_merges"
    __table_args__ = (
        Index("ix_contact_merges_kept", "kept_id", "id"),
        # a second click, or a second person, finds it done
        Index(
            "uq_contact_merges_standing",
            "merged_id",
            unique=True,
            sqlite_where=_STANDING,
            postgresql_where=_STANDING,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kept_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    merged_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    kept: Mapped[Contact] = relationship(foreign_keys=[kept_id])
    merged: Mapped[Contact] = relationship(foreign_keys=[merged_id])
    by: Mapped[User] = relationship(foreign_keys=[by_id])
    undone_by: Mapped[User | None] = relationship(foreign_keys=[undone_by_id])
