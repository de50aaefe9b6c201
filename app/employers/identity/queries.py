"""Reading names, kinship, files and verifications."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select, union
from sqlalchemy.orm import aliased, joinedload, lazyload

from app.accounts.models import User
from app.core.db import db
from app.core.finding import the_one
from app.core.permissions import Actor
from app.core.reach import once_for_reach
from app.employers.identity.models import (
    HIERARCHICAL,
    EmployerRelation,
    IdentityFile,
    Verification,
)
from app.employers.identity.policy import name_visible_to, relation_visible_to, verification_visible_to
from app.employers.models import Contact, Employer, FormerName
from app.employers.policy import visible_to

#: how far a family is followed, and how many employers its picture shows at most
STEPS, MOST_KIN = 4, 24

_NAMES = Employer.id, Employer.name, Employer.stage
_BOTH_NAMES = (
    joinedload(EmployerRelation.subject).load_only(*_NAMES),
    joinedload(EmployerRelation.object).load_only(*_NAMES),
)
_HOLDING_FIRST = EmployerRelation.until.is_not(None), EmployerRelation.kind, EmployerRelation.id
_ONLY_NAME = (lazyload(User.branch), lazyload(User.roles))


def relations_of(employer_id: int, actor: Actor | None) -> Sequence[EmployerRelation]:
    """An employer's relations in reach, those that still hold first."""
    return _relations({employer_id}, actor)


def _relations(ids: Collection[int], actor: Actor | None) -> Sequence[EmployerRelation]:
    query = select(EmployerRelation).where(_touching(ids), relation_visible_to(actor))
    return db.session.scalars(query.options(*_BOTH_NAMES).order_by(*_HOLDING_FIRST)).all()


def _touching(ids: Collection[int]) -> ColumnElement[bool]:
    return or_(EmployerRelation.subject_id.in_(ids), EmployerRelation.object_id.in_(ids))


def family(employer_id: int, actor: Actor | None) -> list[EmployerRelation]:
    """Every relation of the employers that are kin to this one, over a few steps."""
    found: dict[int, EmployerRelation] = {}
    known, edge = {employer_id}, {employer_id}
    for _step in range(STEPS):
        if not edge or len(known) > MOST_KIN:
            break
        relations = _relations(edge, actor)
        found |= {relation.id: relation for relation in relations}
        edge = {id_ for one in relations for id_ in (one.subject_id, one.object_id)} - known
        known |= edge
    return list(found.values())


def above(employer_id: int) -> set[int]:
    """Everybody who stands above an employer by subordination now, whoever may see it: to tell circles."""
    found: set[int] = set()
    edge = {employer_id}
    while edge:
        query = select(EmployerRelation.object_id).where(
            EmployerRelation.subject_id.in_(edge),
            EmployerRelation.kind.in_(HIERARCHICAL),
            EmployerRelation.until.is_(None),
        )
        edge = set(db.session.scalars(query)) - found
        found |= edge
    return found


def find_relation(relation_id: int, actor: Actor) -> EmployerRelation:
    query = select(EmployerRelation).where(EmployerRelation.id == relation_id, relation_visible_to(actor))
    return the_one(query, _l("There is no such relation."))


def find_name(name_id: int, actor: Actor) -> FormerName:
    query = select(FormerName).where(FormerName.id == name_id, name_visible_to(actor))
    return the_one(query, _l("There is no such former name."))


def find_verification(verification_id: int, actor: Actor) -> Verification:
    query = select(Verification).where(Verification.id == verification_id, verification_visible_to(actor))
    return the_one(query, _l("There is no such verification."))


def files_of(employer_id: int) -> Sequence[IdentityFile]:
    """What was deposited, the latest first: the first one counts."""
    query = select(IdentityFile).where(IdentityFile.employer_id == employer_id)
    who = joinedload(IdentityFile.filed_by).options(*_ONLY_NAME)
    return db.session.scalars(query.options(who).order_by(IdentityFile.id.desc())).all()


def verifications_of(employer_id: int, limit: int = 20) -> Sequence[Verification]:
    query = select(Verification).where(Verification.employer_id == employer_id)
    who = joinedload(Verification.by).options(*_ONLY_NAME)
    return db.session.scalars(
        query.options(who).order_by(Verification.at.desc(), Verification.id.desc()).limit(limit)
    ).all()


def verifications(actor: Actor | None) -> Select[Verification]:
    """Every verification in reach, for the log."""
    return select(Verification).where(verification_visible_to(actor))


@dataclass(frozen=True)
class Kinship:
    """What the employer's page shows in one small card."""

    relations: Sequence[EmployerRelation]
    responsible: str | None
    verified: int


@once_for_reach
def _kinship(actor: Actor | None) -> Select[Any]:
    touching = or_(EmployerRelation.subject_id == Employer.id, EmployerRelation.object_id == Employer.id)
    return (
        select(responsible_name, verified_count, EmployerRelation)
        .select_from(Employer)
        .outerjoin(EmployerRelation, touching & relation_visible_to(actor))
        .where(Employer.id == bindparam("employer_id"))
        .options(*_BOTH_NAMES)
        .order_by(*_HOLDING_FIRST)
    )


def kinship(employer_id: int, actor: Actor | None) -> Kinship:
    """One statement: the contact who answers, how often somebody was spared a walk, and the relations."""
    rows = db.session.execute(_kinship(actor), {"employer_id": employer_id}).all()
    name, verified = (rows[0][0], rows[0][1]) if rows else (None, 0)
    return Kinship([row[2] for row in rows if row[2] is not None], name, verified)


def _responsible(employer_id: Any) -> Any:
    """The name of the contact on file, as a part of a select."""
    query = select(Contact.name).join(IdentityFile).where(IdentityFile.employer_id == employer_id)
    return query.order_by(IdentityFile.id.desc()).limit(1).correlate(Employer).scalar_subquery()


def _confirmed(employer_id: Any) -> Any:
    query = select(func.count()).where(
        Verification.employer_id == employer_id, Verification.result == "confirmed"
    )
    return query.correlate(Employer).scalar_subquery()


responsible_name = _responsible(Employer.id)
responsible_mobile = (
    select(Contact.mobile)
    .join(IdentityFile)
    .where(IdentityFile.employer_id == Employer.id)
    .order_by(IdentityFile.id.desc())
    .limit(1)
    .correlate(Employer)
    .scalar_subquery()
)
verified_count = _confirmed(Employer.id)
filed_on = (
    select(func.max(IdentityFile.filed_on))
    .where(IdentityFile.employer_id == Employer.id)
    .correlate(Employer)
    .scalar_subquery()
)


def register(actor: Actor | None) -> Select[Any]:
    """Employers in reach that had another name, have kin, or have put a contact on file."""
    listed = union(
        select(FormerName.employer_id),
        select(EmployerRelation.subject_id),
        select(EmployerRelation.object_id),
        select(IdentityFile.employer_id),
    )
    return select(
        Employer,
        _superior(actor).label("superior"),
        responsible_name.label("responsible"),
        responsible_mobile.label("mobile"),
        filed_on.label("filed_on"),
        verified_count.label("verified"),
    ).where(visible_to(actor), Employer.id.in_(listed))


def _superior(actor: Actor | None) -> Any:
    """The employer above, if it is in reach too."""
    higher = aliased(Employer)
    return (
        select(higher.name)
        .join(EmployerRelation, EmployerRelation.object_id == higher.id)
        .where(
            EmployerRelation.subject_id == Employer.id,
            EmployerRelation.kind.in_(HIERARCHICAL),
            EmployerRelation.until.is_(None),
            visible_to(actor, higher),
        )
        .order_by(EmployerRelation.id)
        .limit(1)
        .correlate(Employer)
        .scalar_subquery()
    )
