"""Pairs of records that may be one person."""

from typing import ClassVar

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, relationship

from app.core.db import Model
from app.core.merging.pairing import Pairing
from app.employers.models import Contact


class ContactPair(Pairing, Model):
    """Two records that look like one person."""

    __tablename__ = "contact_pairs"
    __audited__: ClassVar[bool] = False
    __table_args__ = (
        UniqueConstraint("first_id", "second_id"),
        Index("ix_contact_pairs_state", "state", "score", "id"),
        Index("ix_contact_pairs_second", "second_id"),
    )

    first: Mapped[Contact] = relationship(
        primaryjoin="foreign(ContactPair.first_id) == Contact.id", viewonly=True
    )
    second: Mapped[Contact] = relationship(
        primaryjoin="foreign(ContactPair.second_id) == Contact.id", viewonly=True
    )
