"""The lines of the gateway's bills, as they were imported."""

from decimal import Decimal
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model, PeriodType, Price
from app.core.periods import Period


class BillLine(Model):
    """What the gateway wants for one message. `message_id` None: the ledger knows no such message."""

    __tablename__ = "gateway_bill_lines"
    #: it stands in the imported file, and that import is in the trail
    __audited__: ClassVar[bool] = False
    __table_args__ = (
        Index("ix_gateway_bill_lines_message", "message_id"),
        #: two accounts may give the same number; whoever brings the bill, a line of it stands once
        UniqueConstraint("account", "message_key", "phone", "period"),
        Index("ix_gateway_bill_lines_key", "message_key", "period"),
        Index("ix_gateway_bill_lines_branch", "branch_id", "period"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: of whoever imported the bill
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    period: Mapped[Period] = mapped_column(PeriodType)
    #: whose bill it is: the name of an SMS account; empty where neither bill nor ledger tells
    account: Mapped[str] = mapped_column(String(20), default="")
    #: as the bill names the message: our own key, or the gateway's number
    message_key: Mapped[str] = mapped_column(String(64))
    #: masked; it tells apart the messages of a batch that share a number
    phone: Mapped[str] = mapped_column(String(20), default="")
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"))
    segments: Mapped[int]
    #: yuan for each segment
    price: Mapped[Decimal] = mapped_column(Price)
