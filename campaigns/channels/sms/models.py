"""What messages say, in versions; and who does not want to be written to."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.clock import now
from app.core.db import Model, Timestamps


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


class SmsTemplate(Timestamps, Model):
    """What a department says again and again. Its wording lives in versions."""

    __tablename__ = "sms_templates"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    #: a campaigns.drafting.models.MessageClass
    message_class: Mapped[str] = mapped_column(String(16), default="service")
    retired_on: Mapped[date | None]

    versions: Mapped[list["SmsVersion"]] = relationship(
        order_by="SmsVersion.number.desc()", back_populates="template"
    )


class SmsVersion(Timestamps, Model):
    """One wording. A draft is edited; a published one is frozen, and campaigns keep the one they used.

    `variables` are {name, label, kind, default}: what an author fills in for a whole campaign (`label` and
    `kind` say what), or only a default for a variable that is read of the employer. Whatever has no default
    is required.
    """

    __tablename__ = "sms_template_versions"
    __table_args__ = (
        UniqueConstraint("template_id", "number"),
        # two people who begin a draft at once find one draft
        Index(
            "uq_sms_template_versions_draft",
            "template_id",
            unique=True,
            sqlite_where=text("published_at IS NULL"),
            postgresql_where=text("published_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    template_id: Mapped[int] = mapped_column(ForeignKey("sms_templates.id", ondelete="CASCADE"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    variables: Mapped[list[Any]] = mapped_column(default=list)
    #: whether one message may speak for all employers of a handler; else each gets its own
    joins: Mapped[bool] = mapped_column(default=True, server_default=true())
    #: who wrote it last; None: it came with the product
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    published_at: Mapped[datetime | None]
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    template: Mapped[SmsTemplate] = relationship(back_populates="versions")
    by: Mapped[User | None] = relationship(foreign_keys=[by_id])
    published_by: Mapped[User | None] = relationship(foreign_keys=[published_by_id])
