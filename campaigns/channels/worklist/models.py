"""A drive, its employers, the people of its rosters, and what other offices said."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, case, func, select
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from app.accounts.models import User
from app.core.clock import now
from app.core.db import EnumText, Model, Money, PeriodType, Timestamps
from app.core.periods import Period
from app.core.personal.sealed import ID_NUMBER, Sealed, SealedText
from app.employers.models import Employer
from app.outreach.models import VisitKind
from app.outreach.talking.models import Script


class DriveState(StrEnum):
    RUNNING = "running"
    FINISHED = "finished"
    GIVEN_UP = "given_up"


class RowState(StrEnum):
    OPEN = "open"
    DONE = "done"
    GIVEN_UP = "given_up"


class Agency(StrEnum):
    """Who helps to find people and to check what they are to whom (domain reference, row 70)."""

    FORMER_EMPLOYER = "former_employer"
    SOCIAL_INSURANCE = "social_insurance"
    RETIREMENT = "retirement"
    POLICE = "police"
    COMMUNITY = "community"
    OTHER_CENTRE = "other_centre"
    BANK = "bank"
    OTHER = "other"


AGENCY_LABELS = {
    Agency.FORMER_EMPLOYER: _l("Former employer"),
    Agency.SOCIAL_INSURANCE: _l("Social insurance centre"),
    Agency.RETIREMENT: _l("Retirement office"),
    Agency.POLICE: _l("Police station"),
    Agency.COMMUNITY: _l("Street or community office"),
    Agency.OTHER_CENTRE: _l("Fund centre of another place"),
    Agency.BANK: _l("Bank"),
    Agency.OTHER: _l("Another office"),
}


class Drive(Timestamps, Model):
    """One drive. `kind` is a code of `policy.READY`; `tree` are the criteria of its employers, None where
    rosters alone say who is in it. `outcomes` and `results` are codes of `policy.OUTCOMES` and `RESULTS`.
    """

    __tablename__ = "worklist_drives"

    id: Mapped[int] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    purpose: Mapped[str] = mapped_column(Text, default="")
    action: Mapped[VisitKind] = mapped_column(EnumText(VisitKind))
    tree: Mapped[dict[str, Any] | None]
    #: the field of the employer that says how many matters there are, where no roster does
    counted: Mapped[str] = mapped_column(String(40), default="")
    script_id: Mapped[int | None] = mapped_column(ForeignKey("scripts.id"))
    outcomes: Mapped[list[Any]]
    results: Mapped[list[Any]] = mapped_column(default=list)
    topics: Mapped[list[Any]] = mapped_column(default=list)
    #: working days from giving an employer to a specialist until it is to be done
    days: Mapped[int]
    ends_on: Mapped[date]
    state: Mapped[DriveState] = mapped_column(EnumText(DriveState), default=DriveState.RUNNING)
    since: Mapped[datetime] = mapped_column(default=now)
    begun_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))

    script: Mapped[Script | None] = relationship()
    begun_by: Mapped[User] = relationship()


class DrivePerson(Model):
    """Somebody whom a roster names, kept until retention takes the row away. `result` is a code of
    `policy.RESULTS`; `settled_on` is set where that result ends the matter."""

    __tablename__ = "worklist_people"
    #: the trail keeps how many were settled, never who
    __audited__: ClassVar[bool] = False
    __table_args__ = (Index("ix_worklist_people_row", "row_id", "settled_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    row_id: Mapped[int] = mapped_column(ForeignKey("worklist_rows.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(120))
    id_number: Mapped[Sealed | None] = mapped_column(SealedText(ID_NUMBER))
    id_number_index: Mapped[str | None] = mapped_column(String(80), index=True)
    #: from this month on the matter is due (of a transfer: enough months here); None: at once
    ripe: Mapped[Period | None] = mapped_column(PeriodType)
    result: Mapped[str | None] = mapped_column(String(40))
    settled_on: Mapped[date | None]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


def _people(row_id: Any, *conditions: Any) -> Any:
    query = select(func.count(DrivePerson.id)).where(DrivePerson.row_id == row_id, *conditions)
    return query.correlate_except(DrivePerson).scalar_subquery()


def _matters(row_id: Any, number: Any, done: Any) -> Any:
    """Whoever is named is among those counted: names come to a count only where it is too small for them."""
    least = done + _people(row_id)
    return case((number > least, number), else_=least)


def _first_ripe(row_id: Any) -> Any:
    query = select(func.min(DrivePerson.ripe)).where(
        DrivePerson.row_id == row_id, DrivePerson.settled_on.is_(None)
    )
    return query.correlate_except(DrivePerson).scalar_subquery()


class DriveRow(Timestamps, Model):
    """An employer in a drive, and who does it.

    `number` counts all matters as a roster or the employer's record says, `done` those that are done and
    nobody names; people of rosters are among them, and stay counted when retention takes the names away.
    `amount` is yuan that came of it.
    """

    __tablename__ = "worklist_rows"
    __audited__: ClassVar[bool] = False
    __table_args__ = (
        UniqueConstraint("drive_id", "employer_id"),
        Index("ix_worklist_rows_employer", "employer_id", "drive_id"),
        Index("ix_worklist_rows_owner", "owner_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    drive_id: Mapped[int] = mapped_column(ForeignKey("worklist_drives.id", ondelete="CASCADE"))
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: where the employer was when it came into the drive
    branch_id: Mapped[int | None]
    area_id: Mapped[int | None]
    state: Mapped[RowState] = mapped_column(EnumText(RowState), default=RowState.OPEN)
    since: Mapped[datetime] = mapped_column(default=now)
    due_on: Mapped[date]
    number: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    amount: Mapped[Decimal | None] = mapped_column(Money)
    #: the last one; a code of `policy.OUTCOMES`
    outcome: Mapped[str | None] = mapped_column(String(40))
    told_on: Mapped[date | None]
    #: how often somebody called or went there
    tries: Mapped[int] = mapped_column(default=0)
    #: how many matters there are at the employer, and how many of them are done
    matters: Mapped[int] = column_property(_matters(id, number, done))
    settled: Mapped[int] = column_property(done + _people(id, DrivePerson.settled_on.is_not(None)))
    #: how many people the rosters name here
    named: Mapped[int] = column_property(_people(id))
    #: the month in which the first of the people who are still open is due
    ripe: Mapped[Period | None] = column_property(_first_ripe(id))

    drive: Mapped[Drive] = relationship()
    employer: Mapped[Employer] = relationship()
    owner: Mapped[User | None] = relationship()

    @property
    def unnamed(self) -> int:
        """How many of the matters have no name."""
        return self.matters - self.named


class PartnerNote(Timestamps, Model):
    """What another office said about an employer's matters in a drive."""

    __tablename__ = "worklist_notes"
    #: it may speak of people, and is forgotten when the drive is long over
    __unkept__: ClassVar[frozenset[str]] = frozenset({"note"})

    id: Mapped[int] = mapped_column(primary_key=True)
    row_id: Mapped[int] = mapped_column(ForeignKey("worklist_rows.id", ondelete="CASCADE"), index=True)
    agency: Mapped[Agency] = mapped_column(EnumText(Agency))
    said_on: Mapped[date]
    note: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))

    by: Mapped[User] = relationship()
