"""What a month should bring: for the department, a branch, or one specialist."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model, Timestamps
from app.core.periods import Period


class Target(Timestamps, Model):
    """`value` is a count. A target of a branch has no user; one of a specialist names both."""

    __tablename__ = "targets"

    id: Mapped[int] = mapped_column(primary_key=True)
    kpi: Mapped[str] = mapped_column(String(40))
    period: Mapped[Period]
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    value: Mapped[int]
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


# two indexes, because a unique key with an empty user would hold nothing back
Index(
    "uq_targets_branch",
    Target.kpi,
    Target.period,
    Target.branch_id,
    unique=True,
    sqlite_where=Target.user_id.is_(None),
    postgresql_where=Target.user_id.is_(None),
)
Index(
    "uq_targets_user",
    Target.kpi,
    Target.period,
    Target.user_id,
    unique=True,
    sqlite_where=Target.user_id.is_not(None),
    postgresql_where=Target.user_id.is_not(None),
)
