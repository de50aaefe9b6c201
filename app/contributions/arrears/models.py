"""A case for each spell of arrears, and the promises made in it."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.clock import now
from app.core.code_tables import of_table
from app.core.db import EnumText, Model, Money, Timestamps
from app.core.periods import Period
from app.employers.models import Employer


class CaseState(StrEnum):
    #: the source of every case: what a statement found is opened at once
    NOTICED = "noticed"
    OPENED = "opened"
    CONTACTED = "contacted"
    PROMISED = "promised"
    BROKEN = "broken"
    URGED = "urged"
    RELIEF_SOUGHT = "relief_sought"
    CLOSING = "closing"
    SETTLED = "settled"
    RELIEVED = "relieved"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """What came of a promise; statements alone decide."""

    PENDING = "pending"
    KEPT = "kept"
    BROKEN = "broken"
    #: by its day nothing was due any more: deferred, sealed or closed meanwhile
    LAPSED = "lapsed"


OUTCOME_LABELS = {
    Outcome.PENDING: _l("Not yet due"),
    Outcome.KEPT: _l("Promise kept"),
    Outcome.BROKEN: _l("Promise broken"),
    Outcome.LAPSED: _l("Overtaken: nothing was due any more"),
}
OUTCOME_TONES = {
    Outcome.PENDING: "active",
    Outcome.KEPT: "good",
    Outcome.BROKEN: "danger",
    Outcome.LAPSED: "done",
}

_OPEN = text("closed_on IS NULL")


class ArrearsCase(Timestamps, Model):
    """One spell of arrears: consecutive statements that found months unpaid.

    The upper part is what statements say, reckoned anew with each; the lower part is what people added.
    """

    __tablename__ = "arrears_cases"
    __table_args__ = (
        Index("ix_arrears_cases_employer", "employer_id", "first_period"),
        Index("ix_arrears_cases_state", "state", "employer_id"),
        # an employer is behind once at a time, whatever runs twice or side by side
        Index(
            "uq_arrears_cases_open", "employer_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    state: Mapped[CaseState] = mapped_column(EnumText(CaseState), default=CaseState.OPENED)
    state_since: Mapped[datetime] = mapped_column(default=now)
    #: the first and the latest statement that found months unpaid, and the day of each
    first_period: Mapped[Period]
    opened_on: Mapped[date]
    last_period: Mapped[Period]
    reckoned_on: Mapped[date]
    #: of the latest of them
    months: Mapped[int]
    paid_through: Mapped[Period | None]
    heads: Mapped[int]
    monthly_amount: Mapped[Decimal | None] = mapped_column(Money)
    most_months: Mapped[int]
    #: the statement that ended it, and its day
    closed_period: Mapped[Period | None]
    closed_on: Mapped[date | None]

    reason: Mapped[str | None] = mapped_column(String(2), info=of_table("arrears_reason"))
    contacted_on: Mapped[date | None]
    #: the day by which the employer promised to pay, and through which month
    promised_for: Mapped[date | None]
    urged_on: Mapped[date | None]

    employer: Mapped[Employer] = relationship()
    promises: Mapped[list["ArrearsPromise"]] = relationship(
        back_populates="case", order_by="ArrearsPromise.id.desc()"
    )

    @property
    def amount_due(self) -> Decimal | None:
        """Months times the present monthly amount, an estimate (domain rule E1)."""
        return None if self.monthly_amount is None else self.months * self.monthly_amount


class ArrearsPromise(Timestamps, Model):
    """To have paid through a month by a day. It is kept or broken by the statements after it."""

    __tablename__ = "arrears_promises"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("arrears_cases.id", ondelete="CASCADE"), index=True)
    made_on: Mapped[date]
    pay_by: Mapped[date]
    through: Mapped[Period]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    outcome: Mapped[Outcome] = mapped_column(EnumText(Outcome), default=Outcome.PENDING)
    #: the statement that decided it
    decided_in: Mapped[Period | None]

    case: Mapped[ArrearsCase] = relationship(back_populates="promises")
    by: Mapped[User | None] = relationship()
