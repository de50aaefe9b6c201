"""A print batch, and the letter on each of its lines."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.db import EnumText, Model, Timestamps
from campaigns.channels.letter.issued.models import Letter
from campaigns.drafting.models import Campaign


class PrintState(StrEnum):
    """The states of the workflow `print_batch`."""

    READY = "ready"
    OUT = "out"
    RETURNED = "returned"


class PrintBatch(Timestamps, Model):
    """Up to as many letters as go to the print room together, as one document in the order of its lines."""

    __tablename__ = "print_batches"
    __table_args__ = (
        UniqueConstraint("campaign_id", "number"),
        Index("ix_print_batches_branch", "branch_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    #: whose campaign it is, for those who see only their own
    by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    #: within its campaign, from 1
    number: Mapped[int]
    state: Mapped[PrintState] = mapped_column(EnumText(PrintState), default=PrintState.READY)
    #: of the document to print, in the archive
    sha256: Mapped[str] = mapped_column(String(64), default="")
    lines: Mapped[int]
    pages: Mapped[int] = mapped_column(default=0)
    #: letters counted when they went out and when they came back
    count_out: Mapped[int | None]
    count_in: Mapped[int | None]
    handed_on: Mapped[date | None]
    returned_on: Mapped[date | None]

    campaign: Mapped[Campaign] = relationship()
    by: Mapped[User] = relationship()


class PrintLine(Model):
    """One letter of a batch; a spoilt one stays on its line, and its successor goes into a later batch."""

    __tablename__ = "print_lines"
    __audited__: ClassVar[bool] = False
    __table_args__ = (UniqueConstraint("batch_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("print_batches.id", ondelete="CASCADE"))
    #: within the batch, from 1
    number: Mapped[int]
    #: a letter is printed once
    letter_id: Mapped[int] = mapped_column(ForeignKey("letters.id"), unique=True)
    #: its first page in the batch's document, from 1; 0 until there is one
    page: Mapped[int] = mapped_column(default=0)
    spoilt_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(200))

    batch: Mapped[PrintBatch] = relationship()
    letter: Mapped[Letter] = relationship()
