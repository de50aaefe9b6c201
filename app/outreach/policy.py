"""Who reads and who logs visits."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from app.core.clock import local, today
from app.core.permissions import Actor, Grantable
from app.employers.models import Employer
from app.employers.policy import visible_to as employer_visible_to
from app.outreach.models import Visit


class Permission(Grantable):
    VIEW = "outreach:view", _l("See visits and calls")
    LOG = "outreach:log", _l("Log visits and calls")


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The visits to employers in the actor's reach."""
    return Visit.employer_id.in_(select(Employer.id).where(employer_visible_to(actor)))


def may_correct(actor: Actor, visit: Visit) -> bool:
    """One's own, on the day it was written down: later a record is evidence."""
    return visit.by_id == actor.id and local(visit.created_at).date() == today()
