"""The ledger of messages, and the replies that came back."""

import secrets
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, cast

from sqlalchemy import ForeignKey, Index, String, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship, remote

from app.core.clock import now
from app.core.db import EnumText, Model
from app.employers.models import Contact, Employer
from campaigns.channels.letter.issued.models import Letter, LetterState
from campaigns.drafting.models import Campaign, Channel


class MessageState(StrEnum):
    """Where a message stands. The allowed moves are in `workflow.MOVES`."""

    PLANNED = "planned"
    CLAIMED = "claimed"  # a worker holds it and is about to hand it over, or just did
    SUBMITTED = "submitted"  # the gateway has it
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"  # nobody ever said that it arrived
    UNKNOWN = "unknown"  # handed over without an answer: it may or may not have gone out
    SUPPRESSED = "suppressed"  # never to be sent; `reason` says why


SMS, LETTER = Channel.SMS, Channel.LETTER


def new_key() -> str:
    """A message's public id and idempotency key, 128 random bits as hex."""
    return secrets.token_hex(16)


class Message(Model):
    """One member of the audience on one channel. `text` is exactly what is sent."""

    __tablename__ = "messages"
    #: it is itself a record of what was done, by the ten thousand
    __audited__: ClassVar[bool] = False
    __table_args__ = (
        #: nobody is written to twice in one campaign, whoever plans it and however often
        UniqueConstraint("campaign_id", "channel", "recipient_key"),
        UniqueConstraint("member_id", "channel"),
        Index("ix_messages_campaign_state", "campaign_id", "state", "id"),
        Index("ix_messages_employer", "employer_id", "id"),
        Index("ix_messages_phone", "phone", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_key)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(String(12), default=SMS)
    #: the number, the employer that gets a letter, or the member where no message of its own is sent
    recipient_key: Mapped[str] = mapped_column(String(40))
    member_id: Mapped[int] = mapped_column(ForeignKey("audience_members.id", ondelete="CASCADE"))
    #: the member whose message speaks for this suppressed one too
    merged_into_id: Mapped[int | None] = mapped_column(
        ForeignKey("audience_members.id", ondelete="CASCADE"), index=True
    )
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    #: where the employer was and who looked after it when the row was planned, whatever became of them since
    branch_id: Mapped[int | None]
    area_id: Mapped[int | None]
    owner_id: Mapped[int | None]
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    phone: Mapped[str | None] = mapped_column(String(20))
    #: names the notice page behind the link in the text; nothing else may be derived from it
    token: Mapped[str | None] = mapped_column(String(16), unique=True)
    text: Mapped[str] = mapped_column(Text, default="")
    segments: Mapped[int] = mapped_column(default=0)
    state: Mapped[MessageState] = mapped_column(EnumText(MessageState), default=MessageState.PLANNED)
    #: why it was suppressed (Exclusion) or not delivered (FailureClass)
    reason: Mapped[str | None] = mapped_column(String(32))
    #: the gateway's own code behind the reason
    code: Mapped[str | None] = mapped_column(String(40))
    gateway: Mapped[str | None] = mapped_column(String(20))
    #: the gateway's number for it; some share one among a batch
    gateway_id: Mapped[str | None] = mapped_column(String(64))
    #: the claim that holds or last held it
    claim: Mapped[str | None] = mapped_column(String(32))
    attempts: Mapped[int] = mapped_column(default=0)
    #: planned: not to be sent before; claimed: end of the lease; submitted, unknown: ask the gateway then
    due_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    submitted_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    #: what the reader did on the notice page, each the first time
    opened_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]

    campaign: Mapped[Campaign] = relationship()
    employer: Mapped[Employer] = relationship()
    contact: Mapped[Contact | None] = relationship()
    #: of a campaign by letter: the one that counts, once it has a number
    letter: Mapped[Letter | None] = relationship(
        primaryjoin=lambda: (
            (foreign(Message.public_id) == remote(Letter.order_key)) & (Letter.state != LetterState.VOID)
        ),
        viewonly=True,
        uselist=False,
    )


#: For statements over sets, which go past the session's objects and are several times faster for it.
MESSAGES = cast(Table, Message.__table__)


class Reply(Model):
    """A text that came back. The gateway's id makes a repeated push harmless."""

    __tablename__ = "message_replies"
    __audited__: ClassVar[bool] = False
    __table_args__ = (UniqueConstraint("gateway", "gateway_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(String(20))
    gateway_id: Mapped[str] = mapped_column(String(64))
    #: the last message this number had got, if any
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"))
    phone: Mapped[str] = mapped_column(String(20), index=True)
    text: Mapped[str] = mapped_column(Text)
    opt_out: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]
