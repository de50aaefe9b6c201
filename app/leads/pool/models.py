"""How many leads a person has at most, where that is not the department's usual number."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.core.db import Model, Timestamps


class LeadCapacity(Timestamps, Model):
    __tablename__ = "lead_capacities"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    capacity: Mapped[int]

    user: Mapped[User] = relationship()
