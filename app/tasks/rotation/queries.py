"""What somebody carries, and hand-overs."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, literal, null, select, union_all
from sqlalchemy.orm import joinedload

from app.accounts.models import User
from app.accounts.queries import name_of
from app.core.db import db
from app.core.features import current_features
from app.core.finding import the_one
from app.core.handing_over import Matter
from app.core.permissions import OFFICE, Actor
from app.tasks.rotation.models import HandOver
from app.tasks.rotation.policy import visible_to


def matters() -> Sequence[Matter]:
    return tuple(current_features().matters.values())


def loads(user_ids: Collection[int]) -> Mapping[int, Mapping[str, int]]:
    """How much of each matter each of these people carries; one statement."""
    parts = [
        matter.of(
            user_ids, literal(matter.name), matter.carrier.label("carrier"), func.count(matter.model.id)
        ).group_by(matter.carrier)
        for matter in matters()
    ]
    found: dict[int, dict[str, int]] = {user_id: {} for user_id in user_ids}
    for name, user_id, number in db.session.execute(union_all(*parts)) if parts and user_ids else ():
        found[user_id][name] = number
    return found


@dataclass(frozen=True)
class Carried:
    """One record that somebody carries."""

    id: int
    title: str
    employer_id: int | None


def carried(matter: Matter, user_id: int) -> list[Carried]:
    """All of one matter."""
    employer = matter.employer_id if matter.employer_id is not None else null()
    query = matter.of([user_id], matter.model.id, matter.title, employer).order_by(matter.model.id)
    rows = db.session.execute(query).all()
    said = matter.said([row[0] for row in rows]) if matter.said else {}
    return [Carried(id_, said.get(id_, str(title or "")), of) for id_, title, of in rows]


def everything(user_id: int, names: Collection[str] | None = None) -> list[tuple[Matter, list[Carried]]]:
    """What somebody carries, by matter; those of which there is nothing are left out."""
    chosen = [matter for matter in matters() if names is None or matter.name in names]
    found = ((matter, carried(matter, user_id)) for matter in chosen)
    return [(matter, rows) for matter, rows in found if rows]


def listed(actor: Actor | None) -> Select[HandOver]:
    return select(HandOver).where(visible_to(actor))


def find(handover_id: int, actor: Actor) -> HandOver:
    """The hand-over, or NotFound when it is out of the actor's reach."""
    query = listed(actor).where(HandOver.id == handover_id)
    people = (name_of(HandOver.giver), name_of(HandOver.receiver), name_of(HandOver.made_by))
    return the_one(query.options(*people, joinedload(HandOver.items)), _l("There is no such hand-over."))


def receivers(giver: User) -> Sequence[User]:
    """Colleagues of the same branch who can take the matters over."""
    query = select(User).where(User.branch_id == giver.branch_id, User.active, User.id != giver.id)
    found = db.session.scalars(query.order_by(User.name, User.id)).unique()
    return [user for user in found if user.role_set & frozenset(OFFICE)]


def employers_of(items: Iterable[Any]) -> dict[int, int]:
    """How many of the items each employer has."""
    found: dict[int, int] = {}
    for item in items:
        if item.employer_id is not None:
            found[item.employer_id] = found.get(item.employer_id, 0) + 1
    return found
