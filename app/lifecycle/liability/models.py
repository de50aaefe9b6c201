"""What a successor answers for."""

from datetime import date
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Model, Rate, Timestamps
from app.core.periods import Period
from app.employers.models import AccountStatus, Employer

#: accounts into which is still paid, so that statements tell
TELLING = (AccountStatus.NORMAL, AccountStatus.OPENED, AccountStatus.DEFERRED)


class Liability(Timestamps, Model):
    """A share (a fraction) of the months that an employer left unpaid, and the employer that answers for it.

    In a merger the one that absorbs (吸收合并), or is newly formed (新设合并), answers for all; in a division
    those that come out of it, the old one among them if it goes on, as they agreed in writing (`proof`).
    Whether it was paid is asked of the debtor's statements as long as its account is open; what people record
    holds until a statement drawn up since says otherwise.
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
    #: they are paid when the debtor has paid through this month; None: not known
    through: Mapped[Period | None]
    agreed_on: Mapped[date]
    proof: Mapped[str] = mapped_column(String(200))
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    settled_on: Mapped[date | None]
    settled_proof: Mapped[str] = mapped_column(String(200), default="")

    debtor: Mapped[Employer] = relationship(foreign_keys=[debtor_id])
    successor: Mapped[Employer] = relationship(foreign_keys=[successor_id])

    @property
    def shown(self) -> bool:
        """Whether the debtor's latest statement shows the months paid."""
        paid = self.debtor.paid_through
        return self.through is not None and paid is not None and paid >= self.through

    @property
    def contradicted(self) -> bool:
        """Recorded as paid, while a statement drawn up since shows the months unpaid."""
        return self.settled_on is not None and self.denied(self.settled_on)

    def denied(self, paid_on: date) -> bool:
        """Whether a statement of the day or later shows them unpaid; a closed account's says nothing."""
        debtor = self.debtor
        heard = debtor.arrears_as_of is not None and debtor.arrears_as_of >= paid_on
        told = self.through is not None and debtor.account_status in TELLING
        return heard and told and not self.shown

    @property
    def paid(self) -> bool:
        return self.shown or (self.settled_on is not None and not self.contradicted)
