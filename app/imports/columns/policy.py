"""Whose remembered columns one sees: those of the own branch and of the kinds of file that one may import."""

from sqlalchemy import ColumnElement

from app.accounts.policy import in_scope
from app.core.permissions import Actor
from app.imports.columns.models import ColumnMemory
from app.imports.policy import of_own_kinds


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    reach = in_scope(actor, ColumnMemory.branch_id, ColumnMemory.said_by_id)
    return reach & of_own_kinds(actor, ColumnMemory.spec)
