"""Decisions on relief, whether a list brought them or an application ended in them: one register."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import EnumText, Model, Money, Rate, Timestamps
from app.core.periods import Period
from app.employers.models import Employer


class ReliefKind(StrEnum):
    DEFERMENT = "deferment"
    RATE_CUT = "rate_cut"


KIND_LABELS = {ReliefKind.DEFERMENT: _l("Deferment"), ReliefKind.RATE_CUT: _l("Rate reduction")}


class ReliefState(StrEnum):
    """Where a decision stands; the ways between are in `workflow.py`."""

    APPROVED = "approved"
    WITHDRAWN = "withdrawn"
    RUNNING = "running"
    ENDED = "ended"
    ENDED_EARLY = "ended_early"
    OVERDUE = "overdue"
    RESUMED = "resumed"
    EXTENDED = "extended"
    MADE_UP = "made_up"
    RESTORED = "restored"
    PAST = "past"


class ReliefDecision(Timestamps, Model):
    """One approval; both months belong to it. A new one of the same kind and first month corrects it."""

    __tablename__ = "relief_decisions"
    __table_args__ = (
        UniqueConstraint("employer_id", "kind", "from_month"),
        Index("ix_relief_decisions_state", "state", "to_month"),
    )

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
    #: the application that it answers; None where a list brought it
    application_id: Mapped[int | None] = mapped_column(ForeignKey("relief_applications.id"), index=True)
    state: Mapped[ReliefState] = mapped_column(
        EnumText(ReliefState), default=ReliefState.APPROVED, server_default=ReliefState.APPROVED.value
    )
    state_since: Mapped[datetime | None]
    #: the last month that it held for, where it ended before its time; of a withdrawn one the month before it
    ended_month: Mapped[Period | None]
    #: employees it holds for, and what is deferred or saved each month: as approved, or as when it began
    heads: Mapped[int | None]
    monthly_amount: Mapped[Decimal | None] = mapped_column(Money)

    employer: Mapped[Employer] = relationship()
    #: one after the other: a new one is agreed on when the one before was given up
    plans: Mapped[list["ReliefPlan"]] = relationship(
        order_by="ReliefPlan.id", cascade="all, delete-orphan", back_populates="decision"
    )
    #: everything of the kind that the employer was ever granted, the latest first
    of_kind: Mapped[list["ReliefDecision"]] = relationship(
        primaryjoin="and_(remote(foreign(ReliefDecision.employer_id)) == ReliefDecision.employer_id, "
        "remote(ReliefDecision.kind) == ReliefDecision.kind)",
        order_by="ReliefDecision.from_month.desc()",
        viewonly=True,
        uselist=True,
    )

    @property
    def name(self) -> str:
        return self.employer.name

    @property
    def last_month(self) -> Period:
        return self.ended_month or self.to_month

    @property
    def months(self) -> int:
        """How many months it holds for; 0 where it ended before it began."""
        return max(0, self.last_month - self.from_month + 1)

    @property
    def amount(self) -> Decimal | None:
        """What is deferred or saved over all its months."""
        return None if self.monthly_amount is None else self.monthly_amount * self.months

    @property
    def plan(self) -> "ReliefPlan | None":
        """The make-up plan that stands, or is being drawn up; what was given up is history."""
        latest = self.plans[-1] if self.plans else None
        return latest if latest and latest.given_up_on is None else None

    @property
    def given_up(self) -> list["ReliefPlan"]:
        return [one for one in self.plans if one.given_up_on]

    @property
    def instalments(self) -> list["ReliefInstalment"]:
        """Those of the plan that stands."""
        return self.plan.instalments if self.plan else []

    @property
    def chain(self) -> list["ReliefDecision"]:
        """It and the terms that it extends without a gap, the first one first."""
        found = [self]
        for one in self.of_kind:
            if one.state is ReliefState.EXTENDED and one.last_month + 1 == found[0].from_month:
                found.insert(0, one)
        return found

    @property
    def owed(self) -> Decimal | None:
        """What is to be made up: what was deferred by it, and by the terms that it extends."""
        if self.amount is None:
            return None
        return sum((one.amount or Decimal(0) for one in self.chain), Decimal(0))


class InstalmentState(StrEnum):
    PLANNED = "planned"
    PAID = "paid"
    SHORT = "short"
    MISSED = "missed"


INSTALMENT_LABELS = {
    InstalmentState.PLANNED: _l("Planned"),
    InstalmentState.PAID: _l("Paid"),
    InstalmentState.SHORT: _l("Short"),
    InstalmentState.MISSED: _l("Missed"),
}
INSTALMENT_TONES = {
    InstalmentState.PLANNED: "neutral",
    InstalmentState.PAID: "good",
    InstalmentState.SHORT: "warning",
    InstalmentState.MISSED: "danger",
}


class ReliefPlan(Timestamps, Model):
    """In which months what was deferred is made up; once it is agreed on, it is never changed again."""

    __tablename__ = "relief_plans"

    id: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[int] = mapped_column(
        ForeignKey("relief_decisions.id", ondelete="CASCADE"), index=True
    )
    #: None as long as it is only drawn up
    agreed_on: Mapped[date | None]
    #: from this day on what was deferred is due again, as far as it is unpaid
    given_up_on: Mapped[date | None]
    #: from this day on all is made up by a proof of people's; what statements show needs no day
    made_up_on: Mapped[date | None]

    decision: Mapped[ReliefDecision] = relationship(back_populates="plans")
    instalments: Mapped[list["ReliefInstalment"]] = relationship(
        order_by="ReliefInstalment.month", cascade="all, delete-orphan", back_populates="plan"
    )


class ReliefInstalment(Timestamps, Model):
    """A month in which part of what was deferred is made up; what statements show of it is `paid`."""

    __tablename__ = "relief_instalments"
    __table_args__ = (UniqueConstraint("plan_id", "month"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("relief_plans.id", ondelete="CASCADE"))
    month: Mapped[Period]
    amount: Mapped[Decimal] = mapped_column(Money)
    paid: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    state: Mapped[InstalmentState] = mapped_column(EnumText(InstalmentState), default=InstalmentState.PLANNED)
    #: it is made up, with those before it, when the employer has paid through this month
    through: Mapped[Period | None]
    #: the statement that showed it last
    statement: Mapped[Period | None]

    plan: Mapped[ReliefPlan] = relationship(back_populates="instalments")
