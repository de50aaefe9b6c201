"""Who decides about corrections, and whose are seen."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from app.core.permissions import LEADERS, OFFICE, Actor, Grantable, Grants, Role
from app.employers.models import Employer
from app.employers.policy import visible_to as employers_visible_to
from campaigns.notices.corrections.models import Correction


class Permission(Grantable):
    VIEW = "corrections:view", _l("See corrections that handlers propose")
    DECIDE = "corrections:decide", _l("Approve and refuse corrections that handlers propose")


GRANTS: Grants = {
    Permission.VIEW: OFFICE,
    Permission.DECIDE: (Role.SPECIALIST, *LEADERS),
}


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """Those about employers in the actor's reach."""
    return Correction.employer_id.in_(select(Employer.id).where(employers_visible_to(actor)))
