"""A visit, call or other meeting with an employer."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.db import EnumText, Model, Timestamps
from app.employers.models import Contact, ContactRole, Employer


class VisitKind(StrEnum):
    VISIT = "visit"
    CALL = "call"
    ONLINE = "online"
    COUNTER = "counter"


#: face to face
IN_PERSON = (VisitKind.VISIT, VisitKind.COUNTER)


class Outcome(StrEnum):
    AGREED = "agreed"
    SOLVED = "solved"
    INFORMED = "informed"
    UNDECIDED = "undecided"
    REFUSED = "refused"
    NOT_REACHED = "not_reached"


class ServiceMode(StrEnum):
    """The eight special service modes (domain reference, row 96)."""

    GREEN_CHANNEL = "green_channel"
    DEFERRED_DOCUMENTS = "deferred_documents"
    APPOINTMENT = "appointment"
    ON_SITE = "on_site"
    EARLY_INVOLVEMENT = "early_involvement"
    EXTENDED_HOURS = "extended_hours"
    WECHAT_NOTICE = "wechat_notice"
    ASSISTED = "assisted"


KIND_LABELS = {
    VisitKind.VISIT: _l("Visit"),
    VisitKind.CALL: _l("Call"),
    VisitKind.ONLINE: _l("Online"),
    VisitKind.COUNTER: _l("At the counter"),
}
KIND_ICONS = {
    VisitKind.VISIT: "geo-alt",
    VisitKind.CALL: "telephone",
    VisitKind.ONLINE: "chat-dots",
    VisitKind.COUNTER: "shop-window",
}
OUTCOME_LABELS = {
    Outcome.AGREED: _l("Agreed to act"),
    Outcome.SOLVED: _l("Problem solved"),
    Outcome.INFORMED: _l("Informed"),
    Outcome.UNDECIDED: _l("Still undecided"),
    Outcome.REFUSED: _l("Refused"),
    Outcome.NOT_REACHED: _l("Not reached"),
}
OUTCOME_TONES = {
    Outcome.AGREED: "good",
    Outcome.SOLVED: "good",
    Outcome.INFORMED: "active",
    Outcome.UNDECIDED: "warning",
    Outcome.REFUSED: "danger",
    Outcome.NOT_REACHED: "neutral",
}
MODE_LABELS = {
    ServiceMode.GREEN_CHANNEL: _l("Green channel"),
    ServiceMode.DEFERRED_DOCUMENTS: _l("Acceptance with deferred documents"),
    ServiceMode.APPOINTMENT: _l("By appointment"),
    ServiceMode.ON_SITE: _l("On-site service"),
    ServiceMode.EARLY_INVOLVEMENT: _l("Early involvement"),
    ServiceMode.EXTENDED_HOURS: _l("Extended hours"),
    ServiceMode.WECHAT_NOTICE: _l("WeChat notice"),
    ServiceMode.ASSISTED: _l("Assisted handling"),
}
#: what was talked about
TOPIC_LABELS = {
    "opening": _l("Account opening"),
    "employee_accounts": _l("Employee accounts"),
    "online_signing": _l("Online signing"),
    "arrears": _l("Arrears"),
    "base_adjustment": _l("Annual base adjustment"),
    "relief": _l("Deferment or lower rate"),
    "sealed": _l("Sealed accounts"),
    "changes": _l("Rename or other changes"),
    "closing": _l("Account closure"),
    "policy": _l("Policy explained"),
    "difficulty": _l("Difficulties heard"),
}


class Visit(Timestamps, Model):
    """`by` is whoever met the employer and wrote it down; only that person corrects it, on the same day."""

    __tablename__ = "visits"
    __table_args__ = (
        Index("ix_visits_employer_at", "employer_id", "at", "id"),
        Index("ix_visits_by_at", "by_id", "at"),
        Index("ix_visits_at", "at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    kind: Mapped[VisitKind] = mapped_column(EnumText(VisitKind))
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    #: the contact that was met, or the name of somebody who is none
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    met_name: Mapped[str] = mapped_column(String(120), default="")
    met_role: Mapped[ContactRole | None] = mapped_column(EnumText(ContactRole))
    topics: Mapped[list[Any]] = mapped_column(default=list)
    outcome: Mapped[Outcome] = mapped_column(EnumText(Outcome))
    summary: Mapped[str] = mapped_column(Text, default="")
    next_step: Mapped[str] = mapped_column(String(255), default="")
    next_due_on: Mapped[date | None]
    service_mode: Mapped[ServiceMode | None] = mapped_column(EnumText(ServiceMode))

    employer: Mapped[Employer] = relationship()
    by: Mapped[User] = relationship(foreign_keys=[by_id])
    contact: Mapped[Contact | None] = relationship()
