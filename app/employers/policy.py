"""Who sees and edits which employers."""


from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement

from app.accounts.policy import in_scope
from app.core.permissions import Actor, Grantable
from app.employers.models import Employer


class Permission(Grantable):
    VIEW = "employers:view", _l("See employers, their contacts and their story")
    EDIT = "employers:edit", _l("Enter and correct employers and contacts")
    EXPORT = "employers:export", _l("Export lists of employers and tasks as workbooks")
    ASSIGN = "employers:assign", _l("Assign owners and backups")
    #: share a segment with everybody
    PUBLISH = "employers:publish_segments", _l("Share segments with everybody")
    REVEAL = "employers:reveal_personal_data", _l("Reveal personal data in full; each time is recorded")


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The employers in the actor's reach; every other feature's scope over employers is this one."""
    return in_scope(actor, Employer.branch_id, Employer.owner_id, Employer.backup_owner_id)
