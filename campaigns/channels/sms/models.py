"""Who does not want to be written to."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.clock import now
from app.core.db import Model


class OptOut(Model):
    """A number that left by replying, or a person who told somebody so.

    A reply holds for its number and for the signature it answered; service notices are not affected. What a
    person said holds for one class of message (`drafting.models.MessageClass`), whatever the signature, and
    goes along when the number changes.
    """

    __tablename__ = "sms_opt_outs"
    __table_args__ = (
        # an empty number, person or class is like no other
        UniqueConstraint("phone", "signature"),
        UniqueConstraint("contact_id", "message_class"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str | None] = mapped_column(String(20))
    signature: Mapped[str] = mapped_column(String(20), default="")
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"))
    message_class: Mapped[str | None] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(default=now)
    #: the words of the reply, or how the person said so
    source: Mapped[str] = mapped_column(String(120), default="")
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    recorded_by: Mapped[User | None] = relationship()
