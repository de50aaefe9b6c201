"""A plan as it was worked out for an employer; a new one is a new version."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.db import Model, Money, Rate, Timestamps
from app.employers.models import Employer


class ContributionPlan(Timestamps, Model):
    """`groups` are {"heads": n, "wage": "yuan a month"}; floor and ceiling are those it was reckoned with."""

    __tablename__ = "contribution_plans"
    __table_args__ = (UniqueConstraint("employer_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    number: Mapped[int]
    groups: Mapped[list[Any]]
    employer_rate: Mapped[Decimal] = mapped_column(Rate)
    employee_rate: Mapped[Decimal] = mapped_column(Rate)
    lowest_base: Mapped[Decimal] = mapped_column(Money)
    highest_base: Mapped[Decimal] = mapped_column(Money)
    heads: Mapped[int]
    employer_amount: Mapped[Decimal] = mapped_column(Money)
    employees_amount: Mapped[Decimal] = mapped_column(Money)
    note: Mapped[str] = mapped_column(String(500), default="")
    by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))

    employer: Mapped[Employer] = relationship()
    by: Mapped[User] = relationship()

    def base(self, wage: Decimal) -> Decimal:
        """Of a wage, yuan a month: within the floor and ceiling that held when the plan was worked out."""
        return min(max(wage, self.lowest_base), self.highest_base)

    @property
    def average_base(self) -> Decimal:
        """Yuan a month and head, within floor and ceiling."""
        bases = (self.base(Decimal(str(one["wage"]))) * int(one["heads"]) for one in self.groups)
        return (sum(bases, Decimal(0)) / self.heads).quantize(Decimal("0.01"), ROUND_HALF_UP)
