"""A firm's time in the ledger, and how many firms are to be won where."""

from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from app.core.db import EnumText, Model
from app.employers.models import Employer
from app.employers.sources.models import EmployerSource


class Left(StrEnum):
    """Why a firm left the ledger."""

    REGISTERED = "registered"
    DISMISSED = "dismissed"
    NOT_ELIGIBLE = "not_eligible"
    DEREGISTERED = "deregistered"
    CLOSED = "closed"
    MERGED = "merged"


LEFT_LABELS: dict[Left, Any] = {
    Left.REGISTERED: _l("Account opened"),
    Left.DISMISSED: _l("Dismissed"),
    Left.NOT_ELIGIBLE: _l("Need not contribute"),
    Left.DEREGISTERED: _l("Revoked or deregistered"),
    Left.CLOSED: _l("Account closed"),
    Left.MERGED: _l("Merged into another record"),
}

_OPEN = text("left_on IS NULL")


class Lead(Model):
    """One stay in the ledger: from the day a firm entered it to the day it left. At most one is open.

    `rank` is the place in the order as one number (`policy.Rank`), so that a page begins in an index
    however many stand there. It and `branch_id` follow the employer set-wise (`services.refresh`).
    """

    __tablename__ = "leads"
    #: follows from the employer, which is audited, by the thousand
    __audited__: ClassVar[bool] = False
    __table_args__ = (
        Index("uq_leads_open", "employer_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_leads_branch_rank", "branch_id", "rank", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_leads_rank", "rank", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_leads_employer", "employer_id", "id"),
        Index("ix_leads_found", "branch_id", "found_on"),
        Index("ix_leads_left", "branch_id", "left_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    rank: Mapped[int] = mapped_column(BigInteger, default=0)
    #: who named it first, when it entered: a key of employers.models.SOURCE_LABELS
    found_by: Mapped[str] = mapped_column(String(32))
    found_on: Mapped[date]
    #: since when its owner has it
    claimed_on: Mapped[date | None]
    #: the first time somebody spoke to the firm, and the first time face to face
    contacted_on: Mapped[date | None]
    met_on: Mapped[date | None]
    registered_on: Mapped[date | None]
    paid_on: Mapped[date | None]
    left_on: Mapped[date | None]
    left_why: Mapped[Left | None] = mapped_column(EnumText(Left))

    employer: Mapped[Employer] = relationship()
    #: the lists, tips and referrals that name the firm
    listings: Mapped[list[EmployerSource]] = relationship(
        primaryjoin=lambda: Lead.employer_id == foreign(EmployerSource.employer_id), viewonly=True
    )


class AreaDensity(Model):
    """How many firms are to be won in the street that an area lies in; counted every night."""

    __tablename__ = "area_densities"
    __audited__: ClassVar[bool] = False

    area_id: Mapped[int] = mapped_column(ForeignKey("areas.id", ondelete="CASCADE"), primary_key=True)
    #: the street or town; the area itself where it lies in none
    street_id: Mapped[int] = mapped_column(ForeignKey("areas.id", ondelete="CASCADE"))
    firms: Mapped[int]
