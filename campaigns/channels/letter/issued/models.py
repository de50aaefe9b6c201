"""Issued letters, and the last number of each prefix and year."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Branch, User
from app.core.clock import now
from app.core.db import EnumText, Model, Timestamps
from app.employers.models import Employer
from campaigns.channels.letter.models import LetterVersion


class LetterState(StrEnum):
    """The states of the workflow `letter`."""

    ISSUED = "issued"
    POSTED = "posted"
    DELIVERED = "delivered"
    REFUSED = "refused"
    RETURNED = "returned"
    VOID = "void"


#: what the post did not serve; it may be posted once more
BACK = (LetterState.REFUSED, LetterState.RETURNED)


class ReturnReason(StrEnum):
    """Why the post brought a letter back."""

    NO_SUCH_ADDRESS = "no_such_address"
    MOVED = "moved"
    UNKNOWN_THERE = "unknown_there"
    UNCLAIMED = "unclaimed"
    OTHER = "other"


RETURN_LABELS = {
    ReturnReason.NO_SUCH_ADDRESS: _l("No such address"),
    ReturnReason.MOVED: _l("Moved away"),
    ReturnReason.UNKNOWN_THERE: _l("Not known at the address"),
    ReturnReason.UNCLAIMED: _l("Nobody collected it"),
    ReturnReason.OTHER: _l("Another reason"),
}


class NumberSeries(Model):
    """The last number given; a row is locked while one is taken, so that none is lost or given twice."""

    __tablename__ = "letter_number_series"
    #: the letters are what was done
    __audited__: ClassVar[bool] = False

    prefix: Mapped[str] = mapped_column(String(30), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(default=0)


class Sheaf(Model):
    """Letters that were set in one document, which is archived under its hash."""

    __tablename__ = "letter_sheaves"
    #: the letters are what was done
    __audited__: ClassVar[bool] = False

    id: Mapped[int] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    letters: Mapped[int]
    pages: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(default=now)


_COUNTS = text("order_key IS NOT NULL AND state <> 'void'")


class Letter(Timestamps, Model):
    """A letter to one employer as it left: `data` is all that the typesetter was given."""

    __tablename__ = "letters"
    __table_args__ = (
        UniqueConstraint("prefix", "year", "serial"),
        Index("ix_letters_employer", "employer_id", "id"),
        Index("ix_letters_branch", "branch_id", "state", "id"),
        #: an order is fulfilled by one letter; a void one makes room for the next
        Index(
            "uq_letters_order_key", "order_key", unique=True, sqlite_where=_COUNTS, postgresql_where=_COUNTS
        ),
        Index("ix_letters_sheaf", "sheaf_id", "serial"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("letter_versions.id"))
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    prefix: Mapped[str] = mapped_column(String(30))
    year: Mapped[int]
    serial: Mapped[int]
    issued_on: Mapped[date]
    data: Mapped[dict[str, Any]]
    #: where it goes, as it was then
    address: Mapped[str] = mapped_column(String(255))
    postal_code: Mapped[str] = mapped_column(String(6), default="")
    #: whoever knows the end of one of them is the addressee
    phone: Mapped[str | None] = mapped_column(String(20))
    account: Mapped[str | None] = mapped_column(String(20))
    token: Mapped[str] = mapped_column(String(16), unique=True)
    code: Mapped[str] = mapped_column(String(10), unique=True)
    #: of a campaign's letter: what it was ordered for (a row of the ledger, by its public id)
    order_key: Mapped[str | None] = mapped_column(String(32))
    #: where in the archive it stands when it was set together with others; None: a document of its own
    sheaf_id: Mapped[int | None] = mapped_column(ForeignKey("letter_sheaves.id"))
    #: pages of the sheaf, from 0
    first_page: Mapped[int | None]
    pages: Mapped[int | None]
    #: of the document in the archive
    sha256: Mapped[str] = mapped_column(String(64), default="")
    state: Mapped[LetterState] = mapped_column(EnumText(LetterState), default=LetterState.ISSUED)
    posted_on: Mapped[date | None]
    tracking_no: Mapped[str | None] = mapped_column(String(30), index=True, unique=True)
    settled_on: Mapped[date | None]
    #: who took it, why it was refused, or a ReturnReason
    received_by: Mapped[str | None] = mapped_column(String(60))
    reason: Mapped[str | None] = mapped_column(String(200))
    by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    #: wrong answers at the page that verifies it
    tries: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    #: what the reader did on that page, each the first time
    opened_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]

    employer: Mapped[Employer] = relationship()
    branch: Mapped[Branch] = relationship()
    version: Mapped[LetterVersion] = relationship()
    by: Mapped[User] = relationship()

    @property
    def number(self) -> str:
        """The document number as GB/T 9704 writes it."""
        return f"{self.prefix}〔{self.year}〕{self.serial}号"
