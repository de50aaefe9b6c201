"""The gateway accounts of a department, the texts filed with their providers, and what it knows of codes."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, PrimaryKeyConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import now
from app.core.db import EnumText, Model, Timestamps
from app.core.personal.sealed import Sealed, SealedText
from campaigns.gateways.protocol import FailureClass

#: what the secrets of accounts are sealed for
SECRET = "gateway_accounts.secret"  # noqa: S105 - a purpose, not a secret


class GatewayAccount(Timestamps, Model):
    """One account at one provider. Messages keep its `code`, and so do the addresses of its callbacks."""

    __tablename__ = "gateway_accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    #: one of `registry.KINDS`
    kind: Mapped[str] = mapped_column(String(12))
    enabled: Mapped[bool] = mapped_column(default=False)
    #: its share of the messages among the accounts that work; 0: only when no other does
    weight: Mapped[int] = mapped_column(default=1)
    #: addresses and numbers that are no secret, by the names that the kind asks for
    config: Mapped[dict[str, Any]] = mapped_column(default=dict)
    secret: Mapped[Sealed | None] = mapped_column(SealedText(SECRET))
    secret_index: Mapped[str | None] = mapped_column(String(80))
    #: messages in one request, and in one second over all workers
    batch: Mapped[int] = mapped_column(default=100)
    per_second: Mapped[int] = mapped_column(default=100)
    #: the provider promises in writing that a key submitted twice goes out once
    idempotent: Mapped[bool] = mapped_column(default=False)
    #: after trouble nothing is handed to it until then, as long as another works
    rests_until: Mapped[datetime | None]
    #: the code of that trouble; it stays when the rest is over, until somebody saves the account
    trouble: Mapped[str | None] = mapped_column(String(40))

    @property
    def rests(self) -> bool:
        """Whether it is left alone just now, as long as another works."""
        return self.rests_until is not None and self.rests_until > now()


class FiledText(Timestamps, Model):
    """A text that the provider approved, with its number there; variables are written as {name}."""

    __tablename__ = "gateway_filed_texts"
    __table_args__ = (UniqueConstraint("account_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("gateway_accounts.id", ondelete="CASCADE"))
    number: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)


class GatewayCode(Model):
    """One code of one gateway and what it asks of us; overrides what is shipped (`codes`)."""

    __tablename__ = "gateway_codes"
    __table_args__ = (PrimaryKeyConstraint("gateway", "code"),)

    gateway: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(40))
    failure: Mapped[FailureClass] = mapped_column(EnumText(FailureClass))
    note: Mapped[str] = mapped_column(String(120), default="")


class GatewayWord(Timestamps, Model):
    """A word that a gateway refuses; `gateway` is an account's code, empty: every gateway refuses it."""

    __tablename__ = "gateway_words"
    __table_args__ = (UniqueConstraint("gateway", "word"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(String(20), default="")
    word: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(String(120), default="")
