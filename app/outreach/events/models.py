"""An event, and each employer that is invited to it."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Branch, User
from app.core.clock import now, today
from app.core.code_tables import of_table
from app.core.db import EnumText, Model, Timestamps
from app.employers.models import Contact, Employer


class EventState(StrEnum):
    PLANNED = "planned"
    HELD = "held"
    CANCELLED = "cancelled"


class InviteeState(StrEnum):
    INVITED = "invited"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    ATTENDED = "attended"
    ABSENT = "absent"
    EXCUSED = "excused"


#: who may still come, or stay away: nobody has said which
AWAITED = (InviteeState.INVITED, InviteeState.ACCEPTED)
#: of whom somebody recorded whether they came
RECORDED = (InviteeState.ATTENDED, InviteeState.ABSENT, InviteeState.EXCUSED)
#: who takes a place
SEATED = (*AWAITED, InviteeState.ATTENDED)


class OutreachEvent(Timestamps, Model):
    """`kind` is a code of the table event_kind; `capacity` how many employers fit in, None: any number."""

    __tablename__ = "outreach_events"
    __table_args__ = (Index("ix_outreach_events_branch_starts", "branch_id", "starts_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(2), info=of_table("event_kind"))
    place: Mapped[str] = mapped_column(String(200))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    capacity: Mapped[int | None]
    notes: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[EventState] = mapped_column(EnumText(EventState), default=EventState.PLANNED)
    since: Mapped[datetime] = mapped_column(default=now)
    #: why it was cancelled
    reason: Mapped[str] = mapped_column(String(200), default="")
    planned_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    branch: Mapped[Branch] = relationship()
    owner: Mapped[User] = relationship(foreign_keys=[owner_id])


class Invitee(Timestamps, Model):
    """An employer invited to an event; `recorded_on` and `recorded_by` tell of its state."""

    __tablename__ = "event_invitees"
    #: filled by the thousand; what changes is told by the history of its workflow
    __audited__: ClassVar[bool] = False
    __table_args__ = (
        UniqueConstraint("event_id", "employer_id"),
        Index("ix_event_invitees_employer", "employer_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("outreach_events.id", ondelete="CASCADE"))
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    #: who is meant to come; None: whoever the employer sends
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    state: Mapped[InviteeState] = mapped_column(EnumText(InviteeState), default=InviteeState.INVITED)
    since: Mapped[datetime] = mapped_column(default=now)
    invited_on: Mapped[date] = mapped_column(default=today)
    recorded_on: Mapped[date] = mapped_column(default=today)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: how many people came; None unless the employer attended
    persons: Mapped[int | None]
    note: Mapped[str] = mapped_column(String(200), default="")
    #: whether coming made it the employer's last contact, and which day was that before; for taking it back
    moved_contact: Mapped[bool] = mapped_column(default=False, server_default=false())
    contact_before: Mapped[date | None]

    event: Mapped[OutreachEvent] = relationship()
    employer: Mapped[Employer] = relationship()
    contact: Mapped[Contact | None] = relationship()
    recorded_by: Mapped[User | None] = relationship(foreign_keys=[recorded_by_id])
