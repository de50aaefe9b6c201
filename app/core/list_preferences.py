"""Which columns a user wants of a list, and in which order."""

from collections.abc import Sequence
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, String, UniqueConstraint, bindparam, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model, db


class ListPreference(Model):
    __tablename__ = "list_preferences"
    __audited__: ClassVar[bool] = False
    __table_args__ = (UniqueConstraint("user_id", "list_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    list_name: Mapped[str] = mapped_column(String(60))
    columns: Mapped[list[Any]] = mapped_column(default=list)


_PREFERENCE = select(ListPreference).where(
    ListPreference.user_id == bindparam("user_id"), ListPreference.list_name == bindparam("list_name")
)
_CHOSEN = _PREFERENCE.with_only_columns(ListPreference.columns)


def chosen_columns(user_id: int, list_name: str) -> Sequence[str]:
    """The names in the user's order; empty when they never chose."""
    return db.session.scalar(_CHOSEN, {"user_id": user_id, "list_name": list_name}) or ()


def choose_columns(user_id: int, list_name: str, columns: Sequence[str]) -> None:
    """Remembers the choice; an empty one goes back to the list's own columns."""
    found = db.session.scalar(_PREFERENCE, {"user_id": user_id, "list_name": list_name})
    if found is None:
        found = ListPreference(user_id=user_id, list_name=list_name)
        db.session.add(found)
    found.columns = list(columns)
    db.session.flush()
