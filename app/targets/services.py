"""Setting targets."""

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.db import db
from app.core.errors import DomainError
from app.core.periods import Period
from app.core.permissions import Actor
from app.targets.models import Target
from app.targets.queries import aimed_kpis, branches_of, specialists_of

#: which target: KPI, branch, and the specialist or None for the branch itself
Key = tuple[str, int, int | None]

LARGEST = 100_000


def set_targets(period: Period, values: Mapping[Key, int | None], actor: Actor) -> int:
    """Sets, changes and (by None) removes targets of a month; gives how many changed."""
    _refuse_strange(values, actor)
    kept = {
        (target.kpi, target.branch_id, target.user_id): target
        for target in db.session.scalars(select(Target).where(Target.period == period))
    }
    changed = sum(_set_one(period, key, value, kept.get(key), actor) for key, value in values.items())
    db.session.flush()
    return changed


def _refuse_strange(values: Mapping[Key, int | None], actor: Actor) -> None:
    codes = {kpi.code for kpi in aimed_kpis()}
    places: set[tuple[int, int | None]] = {(branch.id, None) for branch in branches_of(actor)}
    places |= {(user.branch_id, user.id) for user in specialists_of(actor)}
    for (code, branch_id, user_id), value in values.items():
        if code not in codes or (branch_id, user_id) not in places:
            raise DomainError(_l("You cannot set this target: it is not in your reach."))
        if value is not None and not 0 <= value <= LARGEST:
            raise DomainError(_l("A target is a whole number from 0 to %(largest)s.", largest=LARGEST))


def _set_one(period: Period, key: Key, value: int | None, kept: Target | None, actor: Actor) -> bool:
    code, branch_id, user_id = key
    if (kept is None and value is None) or (kept is not None and kept.value == value):
        return False
    if kept is None:
        db.session.add(
            Target(
                kpi=code, period=period, branch_id=branch_id, user_id=user_id, value=value, set_by_id=actor.id
            )
        )
    elif value is None:
        db.session.delete(kept)
    else:
        kept.value, kept.set_by_id = value, actor.id
    return True
