"""A hand-over, and everything that went with it."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.clock import now
from app.core.db import Model
from app.employers.models import Employer


class HandOver(Model):
    """From one person to another; confirmed by the receiver, or undone while nothing newer stands upon it."""

    __tablename__ = "handovers"

    id: Mapped[int] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), index=True)
    from_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    to_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(default=now)
    made_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    confirmed_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    giver: Mapped[User] = relationship(foreign_keys=[from_id])
    receiver: Mapped[User] = relationship(foreign_keys=[to_id])
    made_by: Mapped[User] = relationship(foreign_keys=[made_by_id])
    items: Mapped[list["HandOverItem"]] = relationship(
        cascade="all, delete-orphan", order_by="HandOverItem.id"
    )

    @property
    def name(self) -> str:
        return f"{self.giver.name} → {self.receiver.name}"


class HandOverItem(Model):
    """One record that was handed over, by the words of that day. `memo`: what undoing sets back besides."""

    __tablename__ = "handover_items"
    #: the hand-over itself and the records are in the trail
    __audited__: ClassVar[bool] = False
    __table_args__ = (Index("ix_handover_items_handover", "handover_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    handover_id: Mapped[int] = mapped_column(ForeignKey("handovers.id", ondelete="CASCADE"))
    #: a kind of core.handing_over.Matter
    matter: Mapped[str] = mapped_column(String(32))
    record_id: Mapped[int]
    employer_id: Mapped[int | None] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(255))
    along: Mapped[bool] = mapped_column(default=False)
    memo: Mapped[dict[str, Any]] = mapped_column(default=dict)

    employer: Mapped[Employer | None] = relationship()
