"""Decisions on relief, as they were approved."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import EnumText, Model, Rate, Timestamps
from app.core.periods import Period


class ReliefKind(StrEnum):
    DEFERMENT = "deferment"
    RATE_CUT = "rate_cut"


KIND_LABELS = {ReliefKind.DEFERMENT: _l("Deferment"), ReliefKind.RATE_CUT: _l("Rate reduction")}


class ReliefDecision(Timestamps, Model):
    """One approval; both months belong to it. A new one of the same kind and first month corrects it."""

    __tablename__ = "relief_decisions"
    __table_args__ = (UniqueConstraint("employer_id", "kind", "from_month"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    kind: Mapped[ReliefKind] = mapped_column(EnumText(ReliefKind))
    from_month: Mapped[Period]
    to_month: Mapped[Period]
    #: the rates approved by a rate reduction
    employer_rate: Mapped[Decimal | None] = mapped_column(Rate)
    employee_rate: Mapped[Decimal | None] = mapped_column(Rate)
    document_no: Mapped[str | None] = mapped_column(String(60))
    decided_on: Mapped[date | None]
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batches.id"), index=True)
