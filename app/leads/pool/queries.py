"""How many leads each person has, may have, and lets lie."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import BindParameter, ColumnElement, Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import contains_eager

from app.accounts.models import User, UserRole
from app.accounts.policy import visible_to as users_visible_to
from app.core.clock import today
from app.core.db import db
from app.core.finding import the_one
from app.core.permissions import OFFICE, Actor
from app.core.rules.workdays import calendar
from app.employers.models import Employer
from app.leads.ledger.lists import REGISTRATION_DUE
from app.leads.ledger.models import Lead
from app.leads.ledger.policy import RegistrationDue
from app.leads.pool.models import LeadCapacity
from app.leads.pool.policy import CAPACITY, IDLE_DAYS
from app.lifecycle.onboarding.models import Opening, OpeningState


def capacity_of(user_id: int) -> int:
    """How many leads the person has at most."""
    own = db.session.scalar(select(LeadCapacity.capacity).where(LeadCapacity.user_id == user_id))
    return CAPACITY.value() if own is None else own


def held_by(user_id: int) -> int:
    """How many leads of the ledger the person has."""
    query = select(func.count()).select_from(Lead).join(Lead.employer)
    return db.session.scalar(query.where(Lead.left_on.is_(None), Employer.owner_id == user_id)) or 0


def idle_before(working_days: int) -> date:
    """Whoever spoke to a firm on this day or earlier has let it lie for so many working days."""
    day = today()
    return calendar(day.year, provisional=True).add(day, -working_days)


def half_idle() -> date:
    """Whoever spoke to a firm on this day or earlier has let it lie for half the time that a lead may."""
    return idle_before(IDLE_DAYS.value() // 2)


def lying(since: date | BindParameter[date]) -> ColumnElement[bool]:
    """Claimed leads that nobody has spoken to, nor claimed, after the day; none that is being taken on."""
    contact = Employer.last_contact_on
    # an approved opening whose account is still to be recorded counts too
    begun = select(Opening.id).where(
        Opening.employer_id == Employer.id, Opening.state != OpeningState.WITHDRAWN
    )
    return and_(
        Lead.left_on.is_(None),
        Employer.owner_id.is_not(None),
        Lead.claimed_on <= since,
        or_(contact.is_(None), contact <= since),
        ~begun.correlate(Employer).exists(),
    )


def lying_leads(since: date) -> Select[Lead]:
    """The same as rows with their employers."""
    query = select(Lead).join(Lead.employer).options(contains_eager(Lead.employer))
    return query.where(lying(since)).order_by(Lead.id)


@dataclass(frozen=True)
class Load:
    """What one person has of the ledger."""

    user: User
    capacity: int
    held: int
    overdue: int
    lying: int

    @property
    def free(self) -> int:
        return max(0, self.capacity - self.held)


def loads(actor: Actor) -> Sequence[Load]:
    """Those in reach who can own leads, with what they hold; two statements."""
    day = literal(today(), RegistrationDue())
    counts = (
        select(
            Employer.owner_id.label("owner_id"),
            func.count().label("held"),
            func.sum(case((day > REGISTRATION_DUE, 1), else_=0)).label("overdue"),
            func.sum(case((lying(half_idle()), 1), else_=0)).label("lying"),
        )
        .select_from(Lead)
        .join(Lead.employer)
        .where(Lead.left_on.is_(None), Employer.owner_id.is_not(None))
        .group_by(Employer.owner_id)
        .subquery()
    )
    office = select(UserRole.user_id).where(UserRole.role.in_(OFFICE))
    query = (
        select(User, LeadCapacity.capacity, counts.c.held, counts.c.overdue, counts.c.lying)
        .outerjoin(LeadCapacity, LeadCapacity.user_id == User.id)
        .outerjoin(counts, counts.c.owner_id == User.id)
        .where(users_visible_to(actor), User.active, User.id.in_(office))
        .order_by(counts.c.held.desc().nulls_last(), User.name, User.id)
    )
    usual = CAPACITY.value()
    rows = db.session.execute(query).unique()
    return [
        Load(user, usual if own is None else own, held or 0, overdue or 0, idle or 0)
        for user, own, held, overdue, idle in rows
    ]


def colleague(user_id: int, actor: Actor) -> User:
    """Somebody in reach, or NotFound."""
    query = select(User).where(User.id == user_id, users_visible_to(actor))
    return the_one(query, _l("There is no such user."))
