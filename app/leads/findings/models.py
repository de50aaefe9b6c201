"""One fact that somebody found out about a firm, with its source and day. A later one does not erase it."""

from datetime import date
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.db import EnumText, Model, Timestamps
from app.employers.models import Employer


class Subject(StrEnum):
    """What was found out."""

    STRUCTURE = "structure"
    CONDITION = "condition"
    PARENT = "parent"
    ADDRESS = "address"
    HEADS = "heads"
    OTHER = "other"


SUBJECT_LABELS: dict[Subject, Any] = {
    Subject.STRUCTURE: _l("Structure of the firm"),
    Subject.CONDITION: _l("Operating condition"),
    Subject.PARENT: _l("Parent or group"),
    Subject.ADDRESS: _l("Actual address"),
    Subject.HEADS: _l("Actual number of employees"),
    Subject.OTHER: _l("Other findings"),
}


class LeadFinding(Timestamps, Model):
    __tablename__ = "lead_findings"
    __table_args__ = (Index("ix_lead_findings_employer", "employer_id", "subject", "as_of"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    subject: Mapped[Subject] = mapped_column(EnumText(Subject))
    content: Mapped[str] = mapped_column(Text)
    #: where it was found: a look-up service, a visit, a call
    source: Mapped[str] = mapped_column(String(120))
    as_of: Mapped[date]
    by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))

    employer: Mapped[Employer] = relationship()
    by: Mapped[User] = relationship()
