"""Keeping the tree of areas, and placing employers in it by the words that files have written."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, or_, select, update

from app.audit import services as audit
from app.core.clock import today
from app.core.db import changed, db
from app.core.errors import Conflict, DomainError
from app.core.importing.spec import Context, Line, Plan, Ref
from app.core.language.i18n import msgid
from app.employers.areas.models import Area, AreaKind
from app.employers.areas.policy import may_stand_below
from app.employers.areas.queries import in_order
from app.employers.models import Employer


def add_area(
    code: str, name: str, kind: AreaKind, parent: Area | None, valid_until: date | None = None
) -> Area:
    """Enters an area below another, or at the top."""
    if db.session.scalar(select(Area.id).where(Area.code == code)) is not None:
        raise Conflict(_l("There is an area with the code %(code)s already.", code=code))
    _refuse_place(kind, parent, None)
    area = Area(code=code, name=name, kind=kind, parent=parent, valid_until=valid_until)
    db.session.add(area)
    db.session.flush()
    rebuild_paths()
    return area


def change_area(area: Area, name: str, kind: AreaKind, parent: Area | None, valid_until: date | None) -> None:
    """Corrects an area or moves it with all in it. Its code stays: files speak of it."""
    _refuse_place(kind, parent, area)
    below = db.session.scalars(select(Area).where(Area.parent_id == area.id))
    if any(not may_stand_below(child.kind, kind) for child in below):
        raise DomainError(_l("What stands in this area would be of the same or a higher kind."))
    area.name, area.kind, area.parent, area.valid_until = name, kind, parent, valid_until
    db.session.flush()
    rebuild_paths()


def _refuse_place(kind: AreaKind, parent: Area | None, area: Area | None) -> None:
    if parent is None:
        return
    if area is not None and f"/{area.id}/" in parent.path:
        raise DomainError(_l("An area cannot stand below itself."))
    if not may_stand_below(kind, parent.kind):
        raise DomainError(_l("An area stands below one of a higher kind: district, street, park, building."))


def rebuild_paths() -> None:
    """Brings every area's path in line with its parent. A path is no edit: the stamps stay as they are."""
    db.session.flush()
    paths: dict[int | None, str] = {None: "/"}
    table = Area.__table__
    for area in in_order(db.session.scalars(select(Area).execution_options(populate_existing=True)).all()):
        path = paths[area.id] = f"{paths[area.parent_id]}{area.id}/"
        if area.path != path:
            values = {"path": path, "updated_at": table.c.updated_at}
            db.session.execute(update(Area).where(Area.id == area.id).values(values))
    db.session.expire_all()


# Employers' places ---------------------------------------------------------------------------------


def place_by_name() -> int:
    """Places employers whose file wrote the name of one area only; gives how many.

    Their stamps stay as they are, so that an import can still be taken back.
    """
    in_use = or_(Area.valid_until.is_(None), Area.valid_until >= today())
    unique = select(Area.name).where(in_use).group_by(Area.name).having(func.count() == 1)
    where = select(Area.id).where(Area.name == Employer.area, in_use).scalar_subquery()
    placed = changed(
        update(Employer)
        .where(Employer.area_id.is_(None), Employer.area.in_(unique))
        .values(area_id=where, updated_at=Employer.updated_at)
        .execution_options(synchronize_session=False)
    )
    if placed:
        audit.record(msgid("Employers placed in areas by name"), details={"employers": placed})
        db.session.expire_all()
    return placed


# The import ----------------------------------------------------------------------------------------


def plan(lines: Sequence[Line], context: Context) -> list[Plan]:
    """Areas by code. One that stands above another comes before it in the file, or is known already."""
    known: dict[str, Any] = {area.code: area for area in db.session.scalars(select(Area))}
    seen: dict[str, tuple[int | Ref, AreaKind]] = {code: (area.id, area.kind) for code, area in known.items()}
    seen |= context.memory.setdefault("dry", {}) if context.dry_run else {}
    plans = [_plan_one(line, known.get(line.values["code"]), seen) for line in lines]
    if context.dry_run:
        context.memory["dry"] = {code: one for code, one in seen.items() if code not in known}
    return plans


def _plan_one(line: Line, area: Area | None, seen: dict[str, tuple[int | Ref, AreaKind]]) -> Plan:
    made, values = Plan(line), line.values
    kind, above = values["kind"], values.get("parent_code")
    if above is not None and above not in seen:
        made.reject("no_parent", "parent_code", value=above)
        return made
    parent = seen[above] if above is not None else None
    if above == values["code"] or (parent is not None and not may_stand_below(kind, parent[1])):
        made.reject("wrong_level", "parent_code", value=above)
        return made
    parent_id = parent[0] if parent else None
    new = {"name": values["name"], "kind": kind, "parent_id": parent_id}
    if area is None:
        ref = made.create(Area, {**new, "code": values["code"], "path": ""})
        seen[values["code"]] = (ref, kind)
    else:
        if "parent_code" not in values:
            del new["parent_id"]
        made.update(Area, area, new)
    return made


def applied(_plans: Sequence[Plan], _context: Context) -> None:
    """After a chunk is written: the paths of what is new or moved."""
    rebuild_paths()


def reverted(_records: Mapping[str, Sequence[int]], _context: Context) -> None:
    """After a chunk is taken back: the paths of what moved back."""
    rebuild_paths()
