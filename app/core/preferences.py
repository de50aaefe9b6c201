"""What a user wants of lists: which columns, in which order their rows, and which saved views are pinned.

A pinned view is a tab above its list and a line below it in the navigation. All pins of a user are in one
row, which is loaded with the user; so they carry the names of their views, and follow when those change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, String, UniqueConstraint, bindparam, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Model, db
from app.core.errors import DomainError

#: in place of a list's name: the row that holds the user's pins
NAVIGATION = ""
#: more would bury the navigation they stand in
MOST_PINS = 8


class ListPreference(Model):
    """`list_name` is that of a list, or of one of its saved views (`listing.state.preference_name`)."""

    __tablename__ = "list_preferences"
    __audited__: ClassVar[bool] = False
    __table_args__ = (UniqueConstraint("user_id", "list_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    list_name: Mapped[str] = mapped_column(String(60))
    columns: Mapped[list[Any]] = mapped_column(default=list)
    sort: Mapped[str] = mapped_column(String(60), default="", server_default="")
    #: of the row of the navigation: its lines in their order, each {"view": id, "list": its name, "name": …}
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
    values = {"user_id": user_id, "names": sorted({NAVIGATION, shown})}
    found = {row.list_name: row for row in db.session.execute(_WISHES, values)}
    pinned, here = found.get(NAVIGATION), found.get(shown)
    pins = [pin["view"] for pin in pinned.pins if pin["list"] == list_name] if pinned else ()
    return Wishes(here.columns if here else (), here.sort if here else "", pins)


def chosen_columns(user_id: int, list_name: str) -> Sequence[str]:
    """The names in the user's order; empty when they never chose."""
    return wishes(user_id, list_name, list_name).columns


def choose(user_id: int, list_name: str, columns: Sequence[str], sort: str) -> None:
    """Remembers the choice; empty ones go back to the list's own columns and order."""
    found = _of(user_id, list_name)
    found.columns, found.sort = list(columns), sort
    db.session.flush()


def pin(user_id: int, list_name: str, view_id: int, name: str) -> None:
    """A saved view becomes the user's last pin; DomainError where there are enough."""
    found = _of(user_id, NAVIGATION)
    others = [one for one in found.pins or () if one["view"] != view_id]
    if len(others) >= MOST_PINS:
        raise DomainError(
            _l("At most %(most)s views can be pinned: unpin another one first.", most=MOST_PINS)
        )
    found.pins = [*others, {"view": view_id, "list": list_name, "name": name}]
    db.session.flush()


def unpin(user_id: int, view_id: int) -> None:
    found = _of(user_id, NAVIGATION)
    found.pins = [one for one in found.pins or () if one["view"] != view_id]
    db.session.flush()


def move_up(user_id: int, view_id: int) -> None:
    """The pin changes places with the one above it of the same list; the first one goes to the end."""
    found = _of(user_id, NAVIGATION)
    pins = list(found.pins or ())
    this = next((one for one in pins if one["view"] == view_id), None)
    if this is None:
        return
    places = [place for place, one in enumerate(pins) if one["list"] == this["list"]]
    at = places.index(pins.index(this))
    moved = [pins[place] for place in places]
    moved = (
        moved[1:] + moved[:1] if at == 0 else [*moved[: at - 1], moved[at], moved[at - 1], *moved[at + 1 :]]
    )
    for place, one in zip(places, moved, strict=True):
        pins[place] = one
    found.pins = pins
    db.session.flush()


def view_changed(view_id: int, name: str | None, reader_id: int | None = None) -> None:
    """The pins of a saved view take its new name; without one they are gone, but for its last reader's."""
    for row in db.session.scalars(select(ListPreference).where(ListPreference.list_name == NAVIGATION)):
        if any(one["view"] == view_id for one in row.pins or ()):
            stays = name is not None and reader_id in {None, row.user_id}
            others = (one if one["view"] != view_id else {**one, "name": name} for one in row.pins)
            row.pins = [one for one in others if stays or one["view"] != view_id]
    db.session.flush()


def _of(user_id: int, list_name: str) -> ListPreference:
    query = _PREFERENCES.where(ListPreference.list_name == list_name)
    found = db.session.scalar(query, {"user_id": user_id})
    if found is None:
        found = ListPreference(user_id=user_id, list_name=list_name, columns=[], sort="", pins=[])
        db.session.add(found)
    return found
