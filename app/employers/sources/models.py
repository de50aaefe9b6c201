"""What a list said of an employer."""

from datetime import date
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Model, Timestamps
from app.employers.models import Employer


class EmployerSource(Timestamps, Model):
    """One list that named an employer on one day; the registry's and statement's days are the employer's own.

    `said` are its facts as JSON: outlet, account_opened_on, phone and address of a bank, insured_heads and
    area of the social insurance, and the name where the source writes another.
    """

    __tablename__ = "employer_sources"
    #: filled by the thousand; the import is the event
    __audited__: ClassVar[bool] = False
    __table_args__ = (UniqueConstraint("employer_id", "source", "as_of", "told_by"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    #: a key of employers.models.SOURCE_LABELS
    source: Mapped[str] = mapped_column(String(32))
    as_of: Mapped[date]
    #: the bank's outlet, where several banks send lists of one month; else empty
    told_by: Mapped[str] = mapped_column(String(120), default="")
    said: Mapped[dict[str, Any]] = mapped_column(default=dict)
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batches.id"), index=True)

    employer: Mapped[Employer] = relationship()
