"""Letters that wait to be set, and where the archive has those that were."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from app.accounts.policy import in_scope
from app.core.db import AnyRow, db
from app.core.finding import the_one
from app.core.permissions import Actor
from campaigns.channels.letter.issued.models import Letter, LetterState, Sheaf


def waiting(keys: Sequence[str]) -> Sequence[AnyRow]:
    """Numbered for these orders and in no document yet, in the order of their numbers."""
    query = select(Letter.id, Letter.order_key, Letter.employer_id, Letter.data).where(
        Letter.order_key.in_(keys), Letter.state == LetterState.ISSUED, Letter.sheaf_id.is_(None)
    )
    return db.session.execute(query.order_by(Letter.serial)).all()


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The sheaves of the branches the actor reaches; within own scope, the actor's own campaigns'."""
    return in_scope(actor, Sheaf.branch_id, Sheaf.by_id)


def find(sheaf_id: int, actor: Actor | None) -> Sheaf:
    """One sheaf in the actor's reach. Raises NotFound."""
    query = select(Sheaf).where(Sheaf.id == sheaf_id, visible_to(actor))
    return the_one(query, _l("There is no such document."))
