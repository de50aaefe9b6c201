"""Outlines of letters with their versions, and how a branch heads its letters."""

from datetime import date
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Branch, User
from app.core.db import Model, Timestamps


class VariableKind(StrEnum):
    """What an author fills in for a whole campaign."""

    TEXT = "text"
    DATE = "date"
    MONTH = "month"
    NUMBER = "number"
    MONEY = "money"
    RATE = "rate"


VARIABLE_KIND_LABELS = {
    VariableKind.TEXT: _l("Text"),
    VariableKind.DATE: _l("Date"),
    VariableKind.MONTH: _l("Month"),
    VariableKind.NUMBER: _l("Quantity"),
    VariableKind.MONEY: _l("Amount"),
    VariableKind.RATE: _l("Rate"),
}


class LetterTemplate(Timestamps, Model):
    """An outline. A `case_only` one is issued in a case by two officers and never sent by a campaign."""

    __tablename__ = "letter_templates"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    #: a campaigns.drafting.models.MessageClass
    message_class: Mapped[str] = mapped_column(String(16), default="service")
    case_only: Mapped[bool] = mapped_column(default=False)
    retired_on: Mapped[date | None]

    versions: Mapped[list["LetterVersion"]] = relationship(
        order_by="LetterVersion.number.desc()", back_populates="template"
    )


class LetterVersion(Timestamps, Model):
    """The wording from a day on; it is never changed, a new one follows.

    `text` is a paragraph a line, with `{variables}`, `{law:code}` and `{quote:code}` of the legal basis.
    `enclosures` are {title, text}; `variables` are {name, label, kind, required}: what an author fills in.
    """

    __tablename__ = "letter_versions"
    __table_args__ = (
        UniqueConstraint("template_id", "number"),
        Index("ix_letter_versions_valid", "template_id", "valid_from"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    template_id: Mapped[int] = mapped_column(ForeignKey("letter_templates.id", ondelete="CASCADE"))
    number: Mapped[int]
    #: what the letter is headed with: 关于…的函
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    enclosures: Mapped[list[Any]]
    variables: Mapped[list[Any]]
    valid_from: Mapped[date]
    #: None: it came with the product
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    template: Mapped[LetterTemplate] = relationship(back_populates="versions")
    by: Mapped[User | None] = relationship()


class Letterhead(Timestamps, Model):
    """How a branch heads, numbers and posts its letters; a branch without one uses the nearest above it."""

    __tablename__ = "letterheads"

    id: Mapped[int] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), unique=True)
    #: the full name, as it stands in red at the top and above the date
    issuer: Mapped[str] = mapped_column(String(60))
    #: 机关代字: what document numbers begin with
    prefix: Mapped[str] = mapped_column(String(30))
    #: where letters come back to
    address: Mapped[str] = mapped_column(String(200))
    postal_code: Mapped[str] = mapped_column(String(6))

    branch: Mapped[Branch] = relationship()
