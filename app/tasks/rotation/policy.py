"""Who hands over whose matters."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, or_

from app.accounts.policy import in_scope
from app.core.options import Option
from app.core.permissions import Actor, Grantable
from app.tasks.rotation.models import HandOver

CONFIRM_DAYS = Option(
    "tasks.handover_days", _l("A hand-over is confirmed within"), 2, 1, 30, _l("working days")
)


class Permission(Grantable):
    VIEW = "handover:view", _l("See hand-overs in reach and confirm one's own")
    MAKE = "handover:make", _l("Hand over somebody's matters to a colleague, and undo it")


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The hand-overs of the actor's reach, and always those that the actor gave or received."""
    reach = in_scope(actor, HandOver.branch_id)
    return reach if actor is None else or_(reach, HandOver.from_id == actor.id, HandOver.to_id == actor.id)
