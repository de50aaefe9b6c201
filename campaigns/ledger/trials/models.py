"""Who receives test sends, and each message that was sent to try a text."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.clock import now
from app.core.db import EnumText, Model
from campaigns.ledger.models import MessageState, new_key


class TrialReader(Model):
    """A colleague who agreed to receive test sends; the number is the one of their account."""

    __tablename__ = "trial_readers"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    added_at: Mapped[datetime] = mapped_column(default=now)

    user: Mapped[User] = relationship(foreign_keys=[user_id])


class Trial(Model):
    """One test message. Its states are those of a message of the ledger, its book is another."""

    __tablename__ = "trial_messages"
    #: it is itself a record of what was sent, to whom and by whom
    __audited__: ClassVar[bool] = False
    __table_args__ = (Index("ix_trial_messages_state", "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    #: the idempotency key
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_key)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), index=True)
    reader_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    phone: Mapped[str] = mapped_column(String(20), index=True)
    text: Mapped[str] = mapped_column(Text)
    segments: Mapped[int]
    state: Mapped[MessageState] = mapped_column(EnumText(MessageState), default=MessageState.PLANNED)
    code: Mapped[str | None] = mapped_column(String(40))
    gateway: Mapped[str | None] = mapped_column(String(20))
    gateway_id: Mapped[str | None] = mapped_column(String(64))
    claim: Mapped[str | None] = mapped_column(String(32))
    #: claimed: end of the lease; submitted, unknown: ask the gateway then
    due_at: Mapped[datetime | None]
    sent_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    submitted_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]

    reader: Mapped[User] = relationship(foreign_keys=[reader_id])
    sent_by: Mapped[User] = relationship(foreign_keys=[sent_by_id])
