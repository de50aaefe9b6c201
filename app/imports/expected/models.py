"""A file that is expected again and again, and each time that it was due."""

from datetime import date
from enum import StrEnum

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Branch, User
from app.core.db import EnumText, Model, Timestamps
from app.core.periods import Period
from app.imports.models import ImportBatch


class Rhythm(StrEnum):
    MONTHLY = "monthly"
    YEARLY = "yearly"


RHYTHM_LABELS = {Rhythm.MONTHLY: _l("Every month"), Rhythm.YEARLY: _l("Every year")}


class ImportExpectation(Timestamps, Model):
    """As “the bank’s list of each month by the 5th”: a kind of file, its source, and its rhythm."""

    __tablename__ = "import_expectations"

    id: Mapped[int] = mapped_column(primary_key=True)
    spec: Mapped[str] = mapped_column(String(40))
    #: empty: a file of this kind, whoever sent it
    source: Mapped[str | None] = mapped_column(String(80))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), index=True)
    rhythm: Mapped[Rhythm] = mapped_column(EnumText(Rhythm))
    #: of a yearly file
    month: Mapped[int | None]
    #: of the month; with `workdays_only` the so-many-th working day
    day: Mapped[int]
    workdays_only: Mapped[bool] = mapped_column(default=False)
    #: of which month (or year) the file is: 1 the one before that in which it is due, 0 the same
    lag: Mapped[int] = mapped_column(default=1)
    #: whoever sees to it; without one the branch does
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: files due before are nobody's concern
    since: Mapped[date]

    branch: Mapped[Branch] = relationship()
    owner: Mapped[User | None] = relationship()


class ImportDue(Timestamps, Model):
    """One time that an expected file was late, and the import that brought it at last."""

    __tablename__ = "import_dues"
    __table_args__ = (UniqueConstraint("expectation_id", "period"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    expectation_id: Mapped[int] = mapped_column(ForeignKey("import_expectations.id", ondelete="CASCADE"))
    #: the month of which the file is; of a yearly one the first of its year
    period: Mapped[Period]
    due_on: Mapped[date]
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("import_batches.id"))

    expectation: Mapped[ImportExpectation] = relationship()
    batch: Mapped[ImportBatch | None] = relationship()
