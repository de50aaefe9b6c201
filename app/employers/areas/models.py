"""The tree of places that employers are in."""

from datetime import date
from enum import StrEnum

from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import EnumText, Model, Timestamps


class AreaKind(StrEnum):
    """The levels of the tree of areas, from the top."""

    DISTRICT = "district"
    STREET = "street"
    PARK = "park"
    BUILDING = "building"


AREA_KIND_LABELS = {
    AreaKind.DISTRICT: _l("District"),
    AreaKind.STREET: _l("Street or town"),
    AreaKind.PARK: _l("Park"),
    AreaKind.BUILDING: _l("Building"),
}


class Area(Timestamps, Model):
    """A place that employers are in. `path` lists the ids from the top, as /1/4/, for prefix searches."""

    __tablename__ = "areas"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[AreaKind] = mapped_column(EnumText(AreaKind))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"), index=True)
    path: Mapped[str] = mapped_column(String(120), index=True, default="")
    #: the last day on which it is offered; None: still so
    valid_until: Mapped[date | None]

    parent: Mapped["Area | None"] = relationship(remote_side=[id])
