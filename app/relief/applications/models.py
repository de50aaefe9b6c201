"""An application for relief, from the draft to the decision."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.db import EnumText, Model, Money, Rate, Timestamps
from app.core.periods import Period
from app.employers.models import Employer
from app.relief.models import ReliefDecision, ReliefKind


class Request(StrEnum):
    DEFERMENT = "deferment"
    RATE_CUT = "rate_cut"
    BOTH = "both"


REQUEST_LABELS = {
    Request.DEFERMENT: _l("Deferment"),
    Request.RATE_CUT: _l("Rate reduction"),
    Request.BOTH: _l("Deferment and rate reduction"),
}


class ApplicationState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class VoteBody(StrEnum):
    CONGRESS = "congress"
    UNION = "union"
    ALL_STAFF = "all_staff"


BODY_LABELS = {
    VoteBody.CONGRESS: _l("Employees' congress"),
    VoteBody.UNION: _l("Trade union"),
    VoteBody.ALL_STAFF: _l("All employees"),
}

#: the papers that an application takes
DOCUMENTS = {
    "form": _l("Application form with seal"),
    "resolution": _l("Resolution of the employees' congress or trade union"),
    "announcement": _l("Proof that the resolution was announced"),
    "hardship": _l("Proof of hardship: audit report or financial statements"),
    "handler": _l("Handler's identity paper and authorisation"),
}


class Authority(StrEnum):
    COMMITTEE = "committee"
    AUTHORISED = "authorised"


AUTHORITY_LABELS = {
    Authority.COMMITTEE: _l("Management committee"),
    Authority.AUTHORISED: _l("Management centre, authorised by the committee"),
}


class ReliefApplication(Timestamps, Model):
    """`heads` and `base` are what its effect was estimated from; amounts are for the whole term."""

    __tablename__ = "relief_applications"
    __table_args__ = (
        Index("ix_relief_applications_employer", "employer_id", "state"),
        Index("ix_relief_applications_state", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    request: Mapped[Request] = mapped_column(EnumText(Request))
    from_month: Mapped[Period]
    to_month: Mapped[Period]
    employer_rate: Mapped[Decimal | None] = mapped_column(Rate)
    employee_rate: Mapped[Decimal | None] = mapped_column(Rate)
    reason: Mapped[str] = mapped_column(Text, default="")

    heads: Mapped[int]
    base: Mapped[Decimal] = mapped_column(Money)
    present_employer_rate: Mapped[Decimal | None] = mapped_column(Rate)
    present_employee_rate: Mapped[Decimal | None] = mapped_column(Rate)
    deferred: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    employer_saves: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    employees_save: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))

    documents: Mapped[list[Any]] = mapped_column(default=list)
    vote_body: Mapped[VoteBody | None] = mapped_column(EnumText(VoteBody))
    voted_on: Mapped[date | None]
    members: Mapped[int | None]
    attended: Mapped[int | None]
    votes_for: Mapped[int | None]
    votes_against: Mapped[int | None]
    announced_from: Mapped[date | None]
    announced_to: Mapped[date | None]

    state: Mapped[ApplicationState] = mapped_column(
        EnumText(ApplicationState), default=ApplicationState.DRAFT
    )
    state_since: Mapped[datetime | None]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    reviewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    reviewed_on: Mapped[date | None]
    review_no: Mapped[str | None] = mapped_column(String(60))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_on: Mapped[date | None]
    document_no: Mapped[str | None] = mapped_column(String(60))
    authority: Mapped[Authority | None] = mapped_column(EnumText(Authority))

    employer: Mapped[Employer] = relationship()
    made_by: Mapped[User] = relationship(foreign_keys=[made_by_id])
    reviewed_by: Mapped[User | None] = relationship(foreign_keys=[reviewed_by_id])
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])
    #: everything that was ever granted to the employer
    granted: Mapped[list[ReliefDecision]] = relationship(
        primaryjoin="foreign(ReliefDecision.employer_id) == ReliefApplication.employer_id",
        order_by=ReliefDecision.from_month,
        viewonly=True,
    )

    @property
    def name(self) -> str:
        return self.employer.name

    @property
    def kinds(self) -> tuple[ReliefKind, ...]:
        """The kinds of decisions that it asks for."""
        return tuple(ReliefKind) if self.request is Request.BOTH else (ReliefKind(self.request.value),)

    @property
    def branch_id(self) -> int:
        return self.employer.branch_id

    @property
    def owner_id(self) -> int | None:
        """Whose turn it is: who made it corrects it, leaders take what waits for them from their branch."""
        at_home = self.state in (ApplicationState.DRAFT, ApplicationState.RETURNED)
        return self.made_by_id if at_home else None
