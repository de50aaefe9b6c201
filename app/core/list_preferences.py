"""What a user wants of a list: which columns, in which order its rows, and which saved views as tabs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, String, UniqueConstraint, bindparam, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model, db


class ListPreference(Model):
    """`list_name` is that of a list, or of one of its saved views (`list_state.preference_name`)."""

    __tablename__ = "list_preferences"
    __audited__: ClassVar[bool] = False
    __table_args__ = (UniqueConstraint("user_id", "list_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    list_name: Mapped[str] = mapped_column(String(60))
    columns: Mapped[list[Any]] = mapped_column(default=list)
    sort: Mapped[str] = mapped_column(String(60), default="", server_default="")
    #: the ids of saved views that are tabs for this user
    pins: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")


@dataclass(frozen=True)
class Wishes:
    """The user's columns and order (empty: never chosen) of what is shown, and the pins of its list."""

    columns: Sequence[str] = ()
    sort: str = ""
    pins: Sequence[int] = ()


_PREFERENCES = select(ListPreference).where(ListPreference.user_id == bindparam("user_id"))
_WISHES = _PREFERENCES.where(
    ListPreference.list_name.in_(bindparam("names", expanding=True))
).with_only_columns(
    ListPreference.list_name, ListPreference.columns, ListPreference.sort, ListPreference.pins
)


def wishes(user_id: int, list_name: str, shown: str) -> Wishes:
    """What the user wants; `shown` is the list, or the saved view of it that is open."""
    values = {"user_id": user_id, "names": sorted({list_name, shown})}
    found = {row.list_name: row for row in db.session.execute(_WISHES, values)}
    whole, here = found.get(list_name), found.get(shown)
    return Wishes(here.columns if here else (), here.sort if here else "", whole.pins if whole else ())


def chosen_columns(user_id: int, list_name: str) -> Sequence[str]:
    """The names in the user's order; empty when they never chose."""
    return wishes(user_id, list_name, list_name).columns


def choose(user_id: int, list_name: str, columns: Sequence[str], sort: str) -> None:
    """Remembers the choice; empty ones go back to the list's own columns and order."""
    found = _of(user_id, list_name)
    found.columns, found.sort = list(columns), sort
    db.session.flush()


def pin(user_id: int, list_name: str, view_id: int, on: bool) -> None:
    """A saved view becomes a tab for this user, or ceases to be one."""
    found = _of(user_id, list_name)
    others = [one for one in found.pins or () if one != view_id]
    found.pins = [*others, view_id] if on else others
    db.session.flush()


def _of(user_id: int, list_name: str) -> ListPreference:
    query = _PREFERENCES.where(ListPreference.list_name == list_name)
    found = db.session.scalar(query, {"user_id": user_id})
    if found is None:
        found = ListPreference(user_id=user_id, list_name=list_name, columns=[], sort="", pins=[])
        db.session.add(found)
    return found
