"""Reading applications for relief."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, select

from app.core.db import db
from app.core.permissions import Actor
from app.relief.applications.models import ApplicationState, ReliefApplication
from app.relief.applications.policy import visible_to


def listed(actor: Actor | None) -> Select[ReliefApplication]:
    """Every application in the actor's reach."""
    return select(ReliefApplication).where(visible_to(actor))


def applications_of(employer_id: int) -> Sequence[ReliefApplication]:
    """An employer's applications, the latest first; whoever sees the employer sees them."""
    query = select(ReliefApplication).where(ReliefApplication.employer_id == employer_id)
    return db.session.scalars(query.order_by(ReliefApplication.id.desc())).all()


def at_home() -> ColumnElement[bool]:
    """Applications that are with whoever made them."""
    return ReliefApplication.state.in_((ApplicationState.DRAFT, ApplicationState.RETURNED))
