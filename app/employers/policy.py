"""Who sees and edits which employers."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

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


def in_reach(actor: Actor | None, employer: type[Employer] = Employer) -> ColumnElement[bool]:
    """The employers in the actor's reach, merged ones among them. Give an alias for a second employer."""
    return in_scope(actor, employer.branch_id, employer.owner_id, employer.backup_owner_id)


#: Made once: an alias of so wide a table takes longer to make than most pages' statements to run.
_merged = aliased(Employer)
_MERGED = select(_merged.id).where(_merged.merged_into_id.is_not(None))


def not_merged(employer: type[Employer] = Employer) -> ColumnElement[bool]:
    """Leaves out the records that were merged into another.

    The few merged ones are looked up in their own small index: a condition on the column itself would make
    counting read every row instead of an index.
    """
    return employer.id.not_in(_MERGED)


def visible_to(actor: Actor | None, employer: type[Employer] = Employer) -> ColumnElement[bool]:
    """The employers in the actor's reach; every other feature's scope over employers is this one."""
    return in_reach(actor, employer) & not_merged(employer)
