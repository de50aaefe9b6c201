"""Scripts and sheets with their versions, and the log of rehearsals."""

from datetime import date
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.db import EnumText, Model, Timestamps


class ScriptKind(StrEnum):
    """An answer to an objection, a sheet in plain language (domain reference, row 38), or what is said in a
    drive."""

    ANSWER = "answer"
    SHEET = "sheet"
    GUIDE = "guide"


SCRIPT_LABELS = {
    ScriptKind.ANSWER: _l("Answer to an objection"),
    ScriptKind.SHEET: _l("Plain-language sheet"),
    ScriptKind.GUIDE: _l("Script of a drive"),
}


class Script(Timestamps, Model):
    """`situations` are topics of visits (outreach.models.TOPIC_LABELS) at which it is offered."""

    __tablename__ = "scripts"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ScriptKind] = mapped_column(EnumText(ScriptKind))
    #: the objection in the employer's words, or the title of the sheet
    title: Mapped[str] = mapped_column(String(200), unique=True)
    situations: Mapped[list[Any]]
    #: no longer offered from this day on
    retired_on: Mapped[date | None]

    versions: Mapped[list["ScriptVersion"]] = relationship(order_by="ScriptVersion.number.desc()")


class ScriptVersion(Timestamps, Model):
    """A text from a day on; it is never changed, a new one follows. `bases` are codes of legal bases."""

    __tablename__ = "script_versions"
    __table_args__ = (
        UniqueConstraint("script_id", "number"),
        Index("ix_script_versions_valid", "script_id", "valid_from"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    script_id: Mapped[int] = mapped_column(ForeignKey("scripts.id", ondelete="CASCADE"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    bases: Mapped[list[Any]]
    valid_from: Mapped[date]
    by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))

    by: Mapped[User] = relationship()


class Rehearsal(Timestamps, Model):
    """Colleagues rehearsed a script before they went out."""

    __tablename__ = "rehearsals"
    __table_args__ = (Index("ix_rehearsals_branch", "branch_id", "held_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    script_id: Mapped[int] = mapped_column(ForeignKey("scripts.id"), index=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    held_on: Mapped[date]
    participants: Mapped[str] = mapped_column(String(300))
    findings: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))

    by: Mapped[User] = relationship()
