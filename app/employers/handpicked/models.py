"""Who belongs to a segment that is chosen by hand."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.clock import now
from app.core.db import Model


class SegmentMember(Model):
    """One employer of one segment, now or formerly; the bulk action that added it is what the trail keeps."""

    __tablename__ = "segment_members"
    __audited__: ClassVar[bool] = False
    __table_args__ = (UniqueConstraint("segment_id", "employer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    segment_id: Mapped[int] = mapped_column(ForeignKey("segments.id", ondelete="CASCADE"))
    employer_id: Mapped[int] = mapped_column(ForeignKey("employers.id", ondelete="CASCADE"), index=True)
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    added_at: Mapped[datetime] = mapped_column(default=now)
    #: one that was taken out stays as a row, so that taking it out can be undone
    present: Mapped[bool] = mapped_column(default=True)
