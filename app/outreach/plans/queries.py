"""Reading plans."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.accounts.queries import name_of
from app.core.db import db
from app.core.finding import the_one
from app.core.permissions import Actor
from app.outreach.plans.models import ContributionPlan
from app.outreach.plans.policy import visible_to


def find(plan_id: int, actor: Actor) -> ContributionPlan:
    """The plan, or NotFound when its employer is out of the actor's reach."""
    query = select(ContributionPlan).where(ContributionPlan.id == plan_id, visible_to(actor))
    return the_one(query.options(joinedload(ContributionPlan.employer)), _l("There is no such plan."))


def plans_of(employer_id: int, limit: int = 5) -> Sequence[ContributionPlan]:
    """The employer's plans, the newest first."""
    query = select(ContributionPlan).where(ContributionPlan.employer_id == employer_id)
    query = query.options(name_of(ContributionPlan.by)).order_by(ContributionPlan.number.desc())
    return db.session.scalars(query.limit(limit)).all()
