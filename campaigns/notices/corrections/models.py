"""A correction that the reader of a notice proposes."""

from datetime import date
from enum import StrEnum
from typing import ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import EnumText, Model, Timestamps
from app.employers.models import Contact, Employer


class Subject(StrEnum):
    """What is said to be wrong."""

    EMPLOYER_NAME = "employer_name"
    PERSON_NAME = "person_name"
    MOBILE = "mobile"
    ADDRESS = "address"


SUBJECT_LABELS = {
    Subject.EMPLOYER_NAME: _l("Name of the employer"),
    Subject.PERSON_NAME: _l("Name of the handler"),
    Subject.MOBILE: _l("Mobile number"),
    Subject.ADDRESS: _l("Address"),
}
#: these are of a person, the others of the employer
OF_PERSON = frozenset({Subject.PERSON_NAME, Subject.MOBILE})


class CorrectionState(StrEnum):
    """The states of the workflow `correction`."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"


class Correction(Timestamps, Model):
    """Nothing is changed by it: a specialist approves it, and only then it is written where it belongs."""

    __tablename__ = "notice_corrections"
    #: names and numbers of people, who may be forgotten; what is approved is in the trail of its record
    __unkept__: ClassVar[frozenset[str]] = frozenset({"before", "wanted", "note", "checked", "reason"})
    __table_args__ = (
        Index("ix_notice_corrections_employer", "employer_id", "state"),
        Index("ix_notice_corrections_notice", "notice_source", "notice_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"))
    #: whose name or number it is; None for what is the employer's
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    subject: Mapped[Subject] = mapped_column(EnumText(Subject))
    #: what was on record when it was proposed, and what is said to be right; of numbers the middle is hidden
    before: Mapped[str] = mapped_column(String(255), default="")
    wanted: Mapped[str] = mapped_column(String(255))
    #: the number in full, where it is one
    mobile: Mapped[str | None] = mapped_column(String(20))
    #: from when on it is so, as far as the reader said
    since: Mapped[date | None]
    note: Mapped[str] = mapped_column(Text, default="")
    #: the notice it was written on: a value of `queries.Source`, and the id of its message or letter
    notice_source: Mapped[str] = mapped_column(String(12))
    notice_id: Mapped[int]
    #: what the notice is called
    notice: Mapped[str] = mapped_column(String(255), default="")
    #: by whose digits the reader had opened it: a value of `queries.Way`
    proven_by: Mapped[str] = mapped_column(String(12))
    state: Mapped[CorrectionState] = mapped_column(
        EnumText(CorrectionState), default=CorrectionState.PROPOSED
    )
    #: how it was checked before it was approved, or why it was refused
    checked: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(String(200))

    employer: Mapped[Employer] = relationship()
    contact: Mapped[Contact | None] = relationship()
