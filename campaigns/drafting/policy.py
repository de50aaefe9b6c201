"""Who drafts, approves and sends campaigns, and whose they see."""

from enum import StrEnum

from sqlalchemy import ColumnElement

from app.accounts.policy import in_scope
from app.core.permissions import Actor
from campaigns.drafting.models import Campaign


class Permission(StrEnum):
    VIEW = "campaigns:view"
    DRAFT = "campaigns:draft"
    APPROVE = "campaigns:approve"
    LAUNCH = "campaigns:launch"


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The campaigns of the branches the actor reaches; within own scope, the ones the actor drafted."""
    return in_scope(actor, Campaign.branch_id, Campaign.created_by_id)
