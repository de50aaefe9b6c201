"""A matter that is pursued step by step, what proves each step, and requests to pass steps over."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.clock import now
from app.core.db import EnumText, Model, Timestamps
from app.core.escalating import Breach, Outcome, Step
from app.employers.models import Employer


class EscalationState(StrEnum):
    """Named by what is to be done next."""

    #: the source of every escalation
    FOUND = "found"
    TO_CONTACT = "to_contact"
    TO_VISIT = "to_visit"
    TO_URGE = "to_urge"
    #: the letter is out; after its time limit comes the order
    URGED = "urged"
    #: the order's time limit runs
    ORDERED = "ordered"
    PENALTY_PROPOSED = "penalty_proposed"
    COURT_PROPOSED = "court_proposed"
    PENALISED = "penalised"
    IN_COURT = "in_court"
    SETTLED = "settled"
    LAPSED = "lapsed"
    STOPPED = "stopped"


BREACH_LABELS = {
    Breach.REGISTER: _l("No registration or no accounts"),
    Breach.PAY: _l("Late or short payment"),
}
STEP_LABELS = {
    Step.CONTACT: _l("Contact made"),
    Step.VISIT: _l("Visit"),
    Step.URGE: _l("Urge letter"),
    Step.ORDER: _l("Order to comply"),
    Step.PENALTY: _l("Penalty"),
    Step.COURT: _l("Court"),
}
OUTCOME_LABELS = {
    Outcome.PAID: _l("Paid up"),
    Outcome.REGISTERED: _l("Registered"),
    Outcome.RELIEVED: _l("Deferred meanwhile"),
    Outcome.CLOSED: _l("Account sealed or closed"),
    Outcome.LAPSED: _l("No ground any more"),
    Outcome.STOPPED: _l("Stopped by a leader"),
}
OUTCOME_TONES = {Outcome.PAID: "good", Outcome.REGISTERED: "good"}

_OPEN = text("ended_on IS NULL")


class Escalation(Timestamps, Model):
    """One matter of an employer; at most one is open. Its origin ends it, by the facts of the matter."""

    __tablename__ = "escalations"
    __table_args__ = (
        Index("ix_escalations_employer", "employer_id", "id"),
        Index("ix_escalations_state", "state", "due_on", "id"),
        Index("ix_escalations_holder", "holder_id", "state"),
        Index("uq_escalations_open", "employer_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    breach: Mapped[Breach] = mapped_column(EnumText(Breach))
    #: a kind of matter (core.escalating.Origin), and which one
    origin: Mapped[str] = mapped_column(String(32))
    matter_id: Mapped[int]
    state: Mapped[EscalationState] = mapped_column(EnumText(EscalationState), default=EscalationState.FOUND)
    state_since: Mapped[datetime] = mapped_column(default=now)
    #: by when the next step is due
    due_on: Mapped[date | None]
    #: whoever carries it now
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    begun_on: Mapped[date]
    begun_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(Text, default="")

    letter_no: Mapped[str | None] = mapped_column(String(60))
    letter_on: Mapped[date | None]
    letter_until: Mapped[date | None]
    order_no: Mapped[str | None] = mapped_column(String(60))
    #: the day on which the order was served
    order_on: Mapped[date | None]
    order_until: Mapped[date | None]
    ordered_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    grounds: Mapped[str | None] = mapped_column(Text)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_on: Mapped[date | None]
    decision_no: Mapped[str | None] = mapped_column(String(60))

    ended_on: Mapped[date | None]
    outcome: Mapped[Outcome | None] = mapped_column(EnumText(Outcome))
    #: the state in which it stood when it ended
    ended_in: Mapped[EscalationState | None] = mapped_column(EnumText(EscalationState))

    employer: Mapped[Employer] = relationship()
    holder: Mapped[User | None] = relationship(foreign_keys=[holder_id])
    begun_by: Mapped[User] = relationship(foreign_keys=[begun_by_id])
    evidence: Mapped[list["EscalationEvidence"]] = relationship(
        cascade="all, delete-orphan", order_by="EscalationEvidence.id"
    )

    @property
    def branch_id(self) -> int:
        return self.employer.branch_id

    @property
    def owner_id(self) -> int | None:
        """Whose turn it is: a proposal waits for the branch's head, all else for who carries it."""
        proposed = (EscalationState.PENALTY_PROPOSED, EscalationState.COURT_PROPOSED)
        return None if self.state in proposed else self.holder_id


class EscalationEvidence(Model):
    """One thing that proves a step, as it stood when the step was taken; never changed afterwards."""

    __tablename__ = "escalation_evidence"
    __table_args__ = (Index("ix_escalation_evidence_escalation", "escalation_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    escalation_id: Mapped[int] = mapped_column(ForeignKey("escalations.id", ondelete="CASCADE"))
    step: Mapped[Step] = mapped_column(EnumText(Step))
    #: a kind of core.escalating.EvidenceKind, "letter", "order", "decision" or "law"; and which record
    kind: Mapped[str] = mapped_column(String(32))
    record_id: Mapped[int | None]
    on: Mapped[date]
    title: Mapped[str] = mapped_column(String(255))
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    filed_at: Mapped[datetime] = mapped_column(default=now)


class SkipState(StrEnum):
    #: the source of every request
    DRAFTED = "drafted"
    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    OVERTAKEN = "overtaken"


_ASKED = text("state = 'asked'")


class SkipRequest(Timestamps, Model):
    """Somebody asks to pass steps over, with the reason; a second person consents or does not."""

    __tablename__ = "escalation_skips"
    __table_args__ = (
        Index(
            "uq_escalation_skips_asked",
            "escalation_id",
            unique=True,
            sqlite_where=_ASKED,
            postgresql_where=_ASKED,
        ),
        Index("ix_escalation_skips_escalation", "escalation_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    escalation_id: Mapped[int] = mapped_column(ForeignKey("escalations.id", ondelete="CASCADE"))
    #: the state from which it goes on
    target: Mapped[EscalationState] = mapped_column(EnumText(EscalationState))
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[SkipState] = mapped_column(EnumText(SkipState), default=SkipState.DRAFTED)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    asked_on: Mapped[date]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    escalation: Mapped[Escalation] = relationship()
    asked_by: Mapped[User] = relationship(foreign_keys=[asked_by_id])
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])

    @property
    def branch_id(self) -> int:
        return self.escalation.branch_id

    @property
    def owner_id(self) -> None:
        """It waits for whoever leads the branch."""
        return
