"""The rules in their order, and what is held of employers."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from sqlalchemy.orm import contains_eager

from app.core.clock import today
from app.core.db import db
from app.core.errors import NotFound
from app.core.permissions import Actor
from app.employers.policy import visible_to
from app.leads.eligibility.models import Eligibility, EligibilityRule
from app.leads.eligibility.policy import in_force


def rules() -> Sequence[EligibilityRule]:
    """Every rule in the order in which they are tried."""
    query = select(EligibilityRule).order_by(EligibilityRule.position, EligibilityRule.id)
    return db.session.scalars(query).all()


def rules_in_force() -> list[EligibilityRule]:
    day = today()
    return [rule for rule in rules() if in_force(rule, day)]


def rule(rule_id: int) -> EligibilityRule:
    """One rule, or NotFound; the rules are the whole department's."""
    found = db.session.get(EligibilityRule, rule_id)
    if found is None:
        raise NotFound(_l("There is no such rule of the duty to contribute."))
    return found


def held(actor: Actor | None) -> Select[Eligibility]:
    """What is held of the employers in reach."""
    query = select(Eligibility).join(Eligibility.employer).options(contains_eager(Eligibility.employer))
    return query.where(visible_to(actor))


def held_of(employer_id: int) -> Eligibility | None:
    query = select(Eligibility).where(Eligibility.employer_id == employer_id)
    return db.session.scalars(query).one_or_none()
