"""Who works out plans: whoever logs visits."""

from sqlalchemy import ColumnElement, select

from app.core.permissions import Actor
from app.employers.models import Employer
from app.employers.policy import visible_to as employers_visible_to
from app.outreach.plans.models import ContributionPlan


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The plans of employers in the actor's reach."""
    return ContributionPlan.employer_id.in_(select(Employer.id).where(employers_visible_to(actor)))
