"""Who sees and edits which employers."""

from enum import StrEnum

from sqlalchemy import ColumnElement

from app.accounts.policy import in_scope
from app.core.permissions import Actor
from app.employers.models import Employer


class Permission(StrEnum):
    VIEW = "employers:view"
    EDIT = "employers:edit"
    EXPORT = "employers:export"
    ASSIGN = "employers:assign"
    #: share a segment with everybody
    PUBLISH = "employers:publish_segments"
    REVEAL = "employers:reveal_personal_data"


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The employers in the actor's reach; every other feature's scope over employers is this one."""
    return in_scope(actor, Employer.branch_id, Employer.owner_id, Employer.backup_owner_id)
