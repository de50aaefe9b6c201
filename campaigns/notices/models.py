"""How often somebody guessed wrong at a notice."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model


class NoticeGuard(Model):
    """Wrong answers since the last right one; with too many, the notice is closed for a while."""

    __tablename__ = "notice_guards"
    __audited__: ClassVar[bool] = False  # what strangers try is no work of ours

    message_id: Mapped[int] = mapped_column(
        ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    tries: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
