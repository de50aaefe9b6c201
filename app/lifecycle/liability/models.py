"""What a successor answers for."""

from datetime import date
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Model, Rate, Timestamps
from app.employers.models import Employer


class Liability(Timestamps, Model):
    """A share (a fraction) of the months that an employer left unpaid, and the employer that answers for it.

    In a merger the one that absorbs, or is newly formed, answers for all; in a division those that come out
    of it, the old one among them if it goes on, as they agreed in writing (`proof`).
    """

    __tablename__ = "liabilities"
    __table_args__ = (
        UniqueConstraint("debtor_id", "successor_id"),
        Index("ix_liabilities_successor", "successor_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    debtor_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    successor_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    share: Mapped[Decimal] = mapped_column(Rate)
    #: unpaid when it was agreed
    months: Mapped[int]
    agreed_on: Mapped[date]
    proof: Mapped[str] = mapped_column(String(200))
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    settled_on: Mapped[date | None]
    settled_proof: Mapped[str] = mapped_column(String(200), default="")

    debtor: Mapped[Employer] = relationship(foreign_keys=[debtor_id])
    successor: Mapped[Employer] = relationship(foreign_keys=[successor_id])
