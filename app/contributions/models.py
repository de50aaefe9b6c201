"""Facts of an employer's month, never rewritten: a correction is a new version."""

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import now
from app.core.db import EnumText, Model, Money, Rate
from app.core.periods import Period
from app.employers.models import AccountStatus


class ContributionFact(Model):
    """One line of a monthly statement. `version` 1 is the first; the highest is in force."""

    __tablename__ = "contribution_facts"
    __audited__: ClassVar[bool] = False
    __table_args__ = (
        UniqueConstraint("employer_id", "period", "version"),
        Index("ix_contribution_facts_period", "period", "employer_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    period: Mapped[Period]
    version: Mapped[int] = mapped_column(default=1)
    account_status: Mapped[AccountStatus] = mapped_column(EnumText(AccountStatus))
    heads: Mapped[int]
    sealed_heads: Mapped[int | None]
    employer_rate: Mapped[Decimal | None] = mapped_column(Rate)
    employee_rate: Mapped[Decimal | None] = mapped_column(Rate)
    monthly_amount: Mapped[Decimal | None] = mapped_column(Money)
    paid_through: Mapped[Period | None]
    #: with the months, what arrears are reckoned from: a fact can be reckoned on any day
    pay_day: Mapped[int | None]
    first_contribution_month: Mapped[Period | None]
    arrears_months: Mapped[int] = mapped_column(default=0)
    as_of: Mapped[date]
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batches.id"), index=True)
    recorded_at: Mapped[datetime] = mapped_column(default=now)
