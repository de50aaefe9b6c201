"""Who reads scripts, who writes them, and whose rehearsals one sees."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement

from app.accounts.policy import in_scope
from app.core.permissions import Actor, Grantable
from app.outreach.talking.models import Rehearsal


class Permission(Grantable):
    VIEW = "talking:view", _l("Read scripts and plain-language sheets")
    WRITE = "talking:write", _l("Write scripts and plain-language sheets")
    REHEARSE = "talking:rehearse", _l("Log rehearsals")


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The rehearsals of the actor's branches; scripts are the whole department's."""
    return in_scope(actor, Rehearsal.branch_id, Rehearsal.by_id)
