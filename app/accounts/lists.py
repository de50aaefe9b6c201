"""Fields of users and branches, for the criteria and lists of every feature."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, or_, select

from app.accounts.models import Branch, User
from app.accounts.policy import in_scope
from app.core.criteria import Field, Kind
from app.core.db import db
from app.core.fields import ME, Choice
from app.core.permissions import Actor


def branches_below(ids: Sequence[int]) -> Select[int]:
    """The ids of these branches and of all below them."""
    return select(Branch.id).where(or_(*(Branch.path.contains(f"/{int(one)}/") for one in ids)))


def branch_choices(actor: Actor | None) -> list[Choice]:
    """The branches in the actor's reach, in the order of the tree, those below moved in."""
    reach = in_scope(actor, Branch.id)
    found = db.session.execute(select(Branch.id, Branch.name, Branch.path).order_by(Branch.path, Branch.id))
    within = set(db.session.scalars(select(Branch.id).where(reach))) if actor else None
    rows = [row for row in found if within is None or row.id in within]
    shallowest = min((row.path.count("/") for row in rows), default=0)
    if actor is None:
        return [(str(row.id), row.name) for row in rows]
    return [(str(row.id), "　" * (row.path.count("/") - shallowest) + row.name) for row in rows]


def user_choices(actor: Actor | None) -> list[Choice]:
    """The users in the actor's reach, by name, oneself first; for the system all, also former ones."""
    if actor is None:
        return [(str(row.id), row.name) for row in db.session.execute(select(User.id, User.name))]
    mates = or_(in_scope(actor, User.branch_id), User.branch_id == actor.branch_id)
    query = select(User.id, User.name).where(User.active, mates, User.id != actor.id)
    others = db.session.execute(query.order_by(User.name, User.id))
    return [(ME, actor.name), *((str(row.id), row.name) for row in others)]


def branch_field(name: str, label: Any, column: Any, **more: Any) -> Field:
    return Field(name, label, Kind.BRANCH, column, choices=branch_choices, below=branches_below, **more)


def user_field(name: str, label: Any, column: Any, **more: Any) -> Field:
    return Field(name, label, Kind.USER, column, choices=user_choices, **more)
