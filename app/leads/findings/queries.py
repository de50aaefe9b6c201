"""What was found out about a firm."""

from collections.abc import Sequence

from sqlalchemy import select

from app.accounts.queries import name_of
from app.core.db import db
from app.leads.findings.models import LeadFinding


def findings_of(employer_id: int) -> Sequence[LeadFinding]:
    """Everything found out, the latest of each subject first."""
    query = select(LeadFinding).where(LeadFinding.employer_id == employer_id).options(name_of(LeadFinding.by))
    ordered = query.order_by(LeadFinding.subject, LeadFinding.as_of.desc(), LeadFinding.id.desc())
    return db.session.scalars(ordered).all()
