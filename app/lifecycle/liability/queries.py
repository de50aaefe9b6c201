"""Reading who answers for whose unpaid months."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from app.core.db import db
from app.core.errors import NotFound
from app.core.permissions import Actor
from app.employers.identity.models import EmployerRelation, RelationKind
from app.employers.models import Employer
from app.employers.policy import visible_to as employers_visible_to
from app.lifecycle.liability.models import Liability
from app.lifecycle.liability.policy import visible_to

ALL = Decimal(1)
_NAMES = (Employer.id, Employer.name, Employer.monthly_amount, Employer.arrears_months)


def of_employer(employer_id: int, actor: Actor | None) -> Sequence[Liability]:
    """What others answer for in its place, and what it answers for; in reach."""
    query = (
        select(Liability)
        .where(or_(Liability.debtor_id == employer_id, Liability.successor_id == employer_id))
        .where(visible_to(actor))
        .options(
            joinedload(Liability.debtor).load_only(*_NAMES),
            joinedload(Liability.successor).load_only(*_NAMES),
        )
    )
    return db.session.scalars(query.order_by(Liability.id)).all()


def find(liability_id: int, actor: Actor) -> Liability:
    found = db.session.scalars(select(Liability).where(Liability.id == liability_id, visible_to(actor)))
    one = found.one_or_none()
    if one is None:
        raise NotFound(_l("There is no such entry."))
    return one


def agreed_share(debtor_id: int) -> Decimal:
    """How much of its unpaid months others, or itself, answer for on paper: 1 when all is fixed."""
    shares = db.session.scalars(select(Liability.share).where(Liability.debtor_id == debtor_id))
    return sum(shares, Decimal(0))


def unsettled(successor_id: int) -> int:
    """For how many others' unpaid months it answers and has not paid; its own are its own arrears."""
    query = select(func.count()).where(
        Liability.successor_id == successor_id,
        Liability.debtor_id != successor_id,
        Liability.settled_on.is_(None),
    )
    return db.session.scalar(query) or 0


def successors(employer: Employer, actor: Actor | None) -> Sequence[Employer]:
    """Who may answer for an employer: by its mergers and divisions on record, and in a division itself."""
    relation = EmployerRelation
    merged = select(relation.object_id).where(
        relation.subject_id == employer.id, relation.kind == RelationKind.MERGER
    )
    split = select(relation.subject_id).where(
        relation.object_id == employer.id, relation.kind == RelationKind.DIVISION
    )
    condition: Any = or_(Employer.id.in_(merged), Employer.id.in_(split))
    found = list(
        db.session.scalars(
            select(Employer).where(condition, employers_visible_to(actor)).order_by(Employer.id)
        )
    )
    return [employer, *found] if found and not db.session.scalars(merged).first() else found
