"""Who may import, and whose batches one sees: those of the own branch."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import InstrumentedAttribute

from app.accounts.policy import in_scope
from app.core.features import current_features
from app.core.importing.spec import ImportSpec
from app.core.permissions import SEPARATED_ROLES, Actor, Grantable, may
from app.imports.models import ImportBatch


class Permission(Grantable):
    VIEW = "imports:view", _l("See imports and their rejected rows")
    RUN = "imports:run", _l("Try out and apply imports")
    EXPECT = "imports:expect", _l("Say which files are expected by when")
    UNDO = "imports:undo", _l("Take applied imports back")


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The batches in the actor's reach; administrators see staff lists alone, and nobody else sees those."""
    reach = in_scope(actor, ImportBatch.branch_id, ImportBatch.created_by_id)
    return reach & of_own_kinds(actor, ImportBatch.spec)


def of_own_kinds(actor: Actor | None, kind: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """That a column names a kind of file that is the actor's business: see `visible_to`."""
    if actor is None:
        return true()
    specs = [spec for spec in current_features().import_specs.values() if spec.administrative]
    if actor.role_set & SEPARATED_ROLES:
        return kind.in_([spec.name for spec in specs if may_use(actor, spec)])
    return kind.not_in([spec.name for spec in specs])


def may_use(actor: Actor | None, spec: ImportSpec) -> bool:
    """Whether the actor may import files of this kind."""
    return may(actor, Permission.RUN) and (spec.permission is None or may(actor, spec.permission))
