"""Who plans events and records who came, and whose they see."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from app.accounts.policy import in_scope
from app.core.permissions import Actor, Grantable
from app.employers.models import Employer
from app.employers.policy import visible_to as employers_visible_to
from app.outreach.events.models import Invitee
from app.outreach.events.models import OutreachEvent as Event

#: so many employers are invited at once
MOST = 2000
#: so many people of one employer come at most
MOST_PERSONS = 999
#: the code table of the kinds of events
KINDS = "event_kind"


class Permission(Grantable):
    VIEW = "events:view", _l("See events and who is invited to them")
    PLAN = "events:plan", _l("Plan events, invite employers and record who came")
    UNDO = "events:undo", _l("Take back that an event was held or cancelled")


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The events of the branches in the actor's reach; within own scope, the actor's own."""
    return in_scope(actor, Event.branch_id, Event.owner_id)


def invitees_visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """Invitees of events in reach that are employers in reach."""
    return Invitee.event_id.in_(select(Event.id).where(visible_to(actor))) & Invitee.employer_id.in_(
        select(Employer.id).where(employers_visible_to(actor))
    )
