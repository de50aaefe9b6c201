"""Who may import, and whose batches one sees: those of the own branch."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement

from app.accounts.policy import in_scope
from app.core.import_spec import ImportSpec
from app.core.permissions import Actor, Grantable, may
from app.imports.models import ImportBatch


class Permission(Grantable):
    VIEW = "imports:view", _l("See imports and their rejected rows")
    RUN = "imports:run", _l("Try out and apply imports")
    UNDO = "imports:undo", _l("Take applied imports back")


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The batches in the actor's reach."""
    return in_scope(actor, ImportBatch.branch_id, ImportBatch.created_by_id)


def may_use(actor: Actor | None, spec: ImportSpec) -> bool:
    """Whether the actor may import files of this kind."""
    return may(actor, Permission.RUN) and (spec.permission is None or may(actor, spec.permission))
