"""Reading who answers for whose unpaid months."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload

from app.core.db import db
from app.core.errors import NotFound
from app.core.permissions import Actor
from app.employers.identity.models import MERGERS, EmployerRelation, RelationKind
from app.employers.models import Employer
from app.employers.policy import visible_to as employers_visible_to
from app.lifecycle.liability.models import Liability
from app.lifecycle.liability.policy import visible_to

ALL = Decimal(1)
_NAMES = (
    Employer.id, Employer.name, Employer.monthly_amount, Employer.arrears_months, Employer.paid_through,
    Employer.arrears_as_of, Employer.account_status, Employer.statement_period,
)  # fmt: skip


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
    query = (
        select(Liability)
        .where(Liability.successor_id == successor_id, Liability.debtor_id != successor_id)
        .options(joinedload(Liability.debtor).load_only(*_NAMES))
    )
    return sum(1 for one in db.session.scalars(query) if not one.paid)


def merged_into(employer: Employer) -> Select[int]:
    """The employer that absorbed it, or was newly formed with it: that one answers for all."""
    relation = EmployerRelation
    return select(relation.object_id).where(
        relation.subject_id == employer.id, relation.kind.in_(MERGERS), relation.until.is_(None)
    )


def answers_for_all(employer: Employer) -> bool:
    """Whether whoever answers for the employer answers for the whole."""
    return db.session.scalars(merged_into(employer)).first() is not None


def successors(employer: Employer, actor: Actor | None) -> Sequence[Employer]:
    """Who may answer for an employer: by its mergers and divisions on record, and in a division itself."""
    relation = EmployerRelation
    merged = merged_into(employer)
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
