"""Reading the tree of areas, and counting the firms in it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, and_, case, func, or_, select

from app.core.clock import today
from app.core.criteria.fields import Choice
from app.core.db import db
from app.core.errors import NotFound
from app.core.permissions import Actor
from app.employers.areas.models import AREA_KIND_LABELS, Area
from app.employers.models import Employer, Stage
from app.employers.policy import visible_to

#: stages of employers that are still to be won
TO_WIN = (Stage.PROSPECT, Stage.ENGAGED, Stage.REGISTERED, Stage.ENROLLED)
#: stages of employers that contribute, or did until a while ago
WON = (Stage.CONTRIBUTING, Stage.IN_ARREARS, Stage.ON_RELIEF, Stage.SEALED)


def in_order(areas: Collection[Area]) -> list[Area]:
    """As the tree reads: each area before those in it, neighbours by code."""
    children: dict[int | None, list[Area]] = {}
    for area in sorted(areas, key=lambda one: one.code):
        children.setdefault(area.parent_id, []).append(area)
    found: list[Area] = []
    waiting = list(reversed(children.get(None, [])))
    while waiting:
        area = waiting.pop()
        found.append(area)
        waiting += reversed(children.get(area.id, []))
    return found


def tree() -> list[Area]:
    """Every area, as the tree reads."""
    return in_order(db.session.scalars(select(Area)).all())


def areas_below(ids: Sequence[int]) -> Select[int]:
    """The ids of these areas and of all in them."""
    return select(Area.id).where(or_(*(Area.path.contains(f"/{int(one)}/") for one in ids)))


def depth_of(area: Area) -> int:
    return max(area.path.strip("/").count("/"), 0)


def area_choices(actor: Actor | None) -> list[Choice]:
    """Every area, those inside others moved in; for the system by their names alone."""
    return [(str(area.id), area.name if actor is None else _line(area)) for area in tree()]


def offered_areas(keep: int | None = None) -> list[Choice]:
    """The areas in use, and the one that a record is in already although it is not offered any more."""
    return [(str(area.id), _line(area)) for area in tree() if area.id == keep or _in_use(area)]


def _in_use(area: Area) -> bool:
    return area.valid_until is None or area.valid_until >= today()


def _line(area: Area) -> str:
    words = f"{'　' * depth_of(area)}{area.name}"
    return words if _in_use(area) else str(_("%(code)s (not valid)", code=words))


def name_of(area_id: int) -> str:
    """What an area is called; its number, where it is gone."""
    area = db.session.get(Area, area_id)
    return f"#{area_id}" if area is None else area.name


def find(area_id: int) -> Area:
    """One area, or NotFound; the tree belongs to everybody."""
    area = db.session.get(Area, area_id)
    if area is None:
        raise NotFound(_l("There is no such area."))
    return area


@dataclass
class Density:
    """An area with the firms in it and in all below it, in the reader's reach."""

    area: Area
    #: obliged to contribute, and not yet doing so
    to_win: int = 0
    won: int = 0

    @property
    def depth(self) -> int:
        return depth_of(self.area)

    @property
    def kind(self) -> object:
        return AREA_KIND_LABELS[self.area.kind]

    @property
    def in_use(self) -> bool:
        return _in_use(self.area)

    @property
    def share(self) -> float | None:
        """How much of the firms that ought to contribute does not."""
        both = self.to_win + self.won
        return self.to_win / both if both else None


def densities(actor: Actor | None) -> list[Density]:
    """Every area with its counts, as the tree reads: two statements, whatever the number of firms."""
    to_win = func.sum(case((Employer.stage.in_(TO_WIN), 1), else_=0))
    won = func.sum(case((Employer.stage.in_(WON), 1), else_=0))
    query = (
        select(Employer.area_id, to_win, won)
        .where(visible_to(actor), Employer.eligible, Employer.area_id.is_not(None))
        .group_by(Employer.area_id)
    )
    found = {area.id: Density(area) for area in tree()}
    for area_id, wanted, there in db.session.execute(query):
        for step in _path(found[area_id].area):
            found[step].to_win += wanted
            found[step].won += there
    return list(found.values())


def _path(area: Area) -> list[int]:
    return [int(step) for step in area.path.strip("/").split("/")]


def unplaced(actor: Actor | None) -> int:
    """How many firms that ought to contribute stand in no area."""
    query = select(func.count()).select_from(Employer)
    missing = and_(visible_to(actor), Employer.eligible, Employer.area_id.is_(None))
    stages = Employer.stage.in_((*TO_WIN, *WON))
    return db.session.scalar(query.where(missing, stages)) or 0
