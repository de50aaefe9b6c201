"""Who does not want to be written to."""

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import now
from app.core.db import Model


class OptOut(Model):
    """A number that left.

    The scope of an opt-out is the signature it answered; service notices are not affected.
    """

    __tablename__ = "sms_opt_outs"
    __table_args__ = (UniqueConstraint("phone", "signature"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str] = mapped_column(String(20))
    signature: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(default=now)
    #: the words of the reply, or who recorded it
    source: Mapped[str] = mapped_column(String(120), default="")
