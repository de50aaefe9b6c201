"""What a statement says on a later day than its own."""

from datetime import date
from typing import ClassVar

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model


class LaterReading(Model):
    """A fact that showed nothing due, read again on the day from which months were: deferment had ended.

    It holds until the next statement, and goes with its fact.
    """

    __tablename__ = "later_readings"
    __audited__: ClassVar[bool] = False

    fact_id: Mapped[int] = mapped_column(
        ForeignKey("contribution_facts.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date]
    months: Mapped[int]
