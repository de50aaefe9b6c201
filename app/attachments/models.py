"""What is kept once, and where it hangs."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.clock import now
from app.core.db import Model, Timestamps
from app.core.files.types import FILE_TYPES, FileType


class StoredFile(Model):
    """One content, however often it is attached; its bytes lie in the folder `files` under its hash.

    What a picture tells of place and time is part of the content, and goes with it.
    """

    __tablename__ = "stored_files"
    #: the attachments are the events, and the trail must not remember a place that was removed
    __audited__: ClassVar[bool] = False

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(100))
    width: Mapped[int | None]
    height: Mapped[int | None]
    taken_at: Mapped[datetime | None]
    #: degrees, WGS 84
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    @property
    def type(self) -> FileType:
        return FILE_TYPES[self.media_type]

    @property
    def is_picture(self) -> bool:
        return self.type.picture is not None

    @property
    def tells_place_or_time(self) -> bool:
        return self.taken_at is not None or self.latitude is not None


class Attachment(Timestamps, Model):
    """A file on a record: `kind` names a `core.files.attachable.RecordKind`, `record_id` is its id."""

    __tablename__ = "attachments"
    __table_args__ = (
        UniqueConstraint("kind", "record_id", "sha256"),
        Index("ix_attachments_employer", "employer_id", "id"),
        Index("ix_attachments_file", "sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    record_id: Mapped[int]
    #: whose story it belongs to. Not deleted with the employer: who attached something gave a reason to stay
    employer_id: Mapped[int | None] = mapped_column(ForeignKey("employers.id"))
    sha256: Mapped[str] = mapped_column(ForeignKey("stored_files.sha256"))
    title: Mapped[str] = mapped_column(String(200))
    proves: Mapped[str] = mapped_column(String(200), default="")
    #: it lists people of an employer (a roster, wages): it goes when that has been kept long enough
    lists_people: Mapped[bool | None]
    uploaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    file: Mapped[StoredFile] = relationship(lazy="joined", innerjoin=True)
    uploaded_by: Mapped[User | None] = relationship(foreign_keys=[uploaded_by_id])
