"""What a month should bring: for the department, a branch, or one specialist."""

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model, Timestamps
from app.core.periods import Period


class Target(Timestamps, Model):
    """`value` is a count. A target of a branch has no user; one of a specialist names both."""

    __tablename__ = "targets"
    __table_args__ = (UniqueConstraint("kpi", "period", "branch_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kpi: Mapped[str] = mapped_column(String(40))
    period: Mapped[Period]
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    value: Mapped[int]
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
