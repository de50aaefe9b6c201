"""A change of an employer's registered particulars, and its papers."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.clock import now
from app.core.code_tables import of_table
from app.core.db import EnumText, Model, Timestamps
from app.employers.models import Employer
from app.lifecycle.papers.models import PaperCheck


class ChangeKind(StrEnum):
    NAME = "name"
    ADDRESS = "address"
    LEGAL_REP = "legal_rep"
    BANK = "bank"


KIND_LABELS = {
    ChangeKind.NAME: _l("Change of name"),
    ChangeKind.ADDRESS: _l("Change of address"),
    ChangeKind.LEGAL_REP: _l("Change of legal representative"),
    ChangeKind.BANK: _l("Change of bank data"),
}


class ChangeState(StrEnum):
    FOUND = "found"
    CHECKING = "checking"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


ENDED = (ChangeState.COMPLETED, ChangeState.WITHDRAWN)
_STANDING = "state NOT IN ('completed', 'withdrawn')"


class RegisteredChange(Timestamps, Model):
    """One change; of an employer one of a kind stands at a time.

    `changed_on` is the day from which it holds (as the registrar approved it), and from which the term of
    registering it counts; `applied_on` the day on which the employer handed it in, None while it was only
    discovered. `document` is what says so, with number and date. `written` is what registering it wrote on
    the employer's record, for taking it back; None while it is not registered.
    """

    __tablename__ = "registered_changes"
    __table_args__ = (
        Index("ix_registered_changes_employer", "employer_id", "id"),
        Index(
            "uq_registered_changes_standing",
            "employer_id",
            "kind",
            unique=True,
            sqlite_where=text(_STANDING),
            postgresql_where=text(_STANDING),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    kind: Mapped[ChangeKind] = mapped_column(EnumText(ChangeKind))
    state: Mapped[ChangeState] = mapped_column(EnumText(ChangeState))
    since: Mapped[datetime] = mapped_column(default=now)
    old_value: Mapped[str] = mapped_column(String(255), default="")
    new_value: Mapped[str] = mapped_column(String(255))
    #: of a change of bank data, beside its words: the code, and the office
    bank_code: Mapped[str | None] = mapped_column(String(3), info=of_table("bank"))
    bank_office: Mapped[str | None] = mapped_column(String(200))
    changed_on: Mapped[date]
    due_on: Mapped[date]
    applied_on: Mapped[date | None]
    source: Mapped[str | None] = mapped_column(String(2), info=of_table("fact_source"))
    document: Mapped[str] = mapped_column(String(200), default="")
    noted_on: Mapped[date]
    noted_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    completed_on: Mapped[date | None]
    completed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    written: Mapped[dict[str, Any] | None]

    employer: Mapped[Employer] = relationship()
    noted_by: Mapped[User | None] = relationship(foreign_keys=[noted_by_id])
    completed_by: Mapped[User | None] = relationship(foreign_keys=[completed_by_id])
    checks: Mapped[list["ChangePaper"]] = relationship(
        cascade="all, delete-orphan", order_by="ChangePaper.code"
    )

    @property
    def standing(self) -> bool:
        return self.state not in ENDED


class ChangePaper(PaperCheck, Model):
    """What was found of one paper of a change."""

    __tablename__ = "change_papers"
    __table_args__ = (UniqueConstraint("change_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    change_id: Mapped[int] = mapped_column(ForeignKey("registered_changes.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(3), info=of_table("change_document"))
