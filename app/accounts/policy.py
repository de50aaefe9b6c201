"""Which branches a user reaches, and what account administration allows."""

from enum import StrEnum

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from app.accounts.models import Branch
from app.core.permissions import Actor, Scope


class Permission(StrEnum):
    USERS_VIEW = "accounts:view_users"
    USERS_EDIT = "accounts:edit_users"
    BRANCHES_EDIT = "accounts:edit_branches"
    ROLES_VIEW = "accounts:view_roles"


def in_scope(
    actor: Actor | None,
    branch: "InstrumentedAttribute[int]",
    *owners: "InstrumentedAttribute[int | None]",
) -> ColumnElement[bool]:
    """The row scope that every `visible_to` builds on: a condition over a branch column and owner columns.

    Own scope means rows that one of the owner columns gives to the actor.
    """
    if actor is None or actor.scope is Scope.ALL:
        return true()
    if actor.scope is Scope.OWN:
        return or_(*(owner == actor.id for owner in owners)) if owners else false()
    if actor.scope is Scope.BRANCH:
        return branch == actor.branch_id
    below = select(Branch.id).where(Branch.path.startswith(actor.branch_path, autoescape=True))
    return branch.in_(below)
