"""What a person said of the columns of one source's files."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Branch, User
from app.core.db import Model, Timestamps


class ColumnMemory(Timestamps, Model):
    """For files of one kind and source whose header row reads as `titles`: `columns` has the spec's columns.

    Both lists are as long as the header is wide; None stands for a column that is left out.
    """

    __tablename__ = "import_columns"
    __table_args__ = (UniqueConstraint("branch_id", "spec", "source", "fingerprint"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    spec: Mapped[str] = mapped_column(String(40))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    source: Mapped[str] = mapped_column(String(80))
    #: of the header row, as `core.sheets.headings.fingerprint` makes it
    fingerprint: Mapped[str] = mapped_column(String(64))
    titles: Mapped[list[Any]]
    columns: Mapped[list[Any]]
    said_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    said_at: Mapped[datetime]

    branch: Mapped[Branch] = relationship()
    said_by: Mapped[User | None] = relationship()
