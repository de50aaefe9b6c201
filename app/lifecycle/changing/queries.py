"""Reading changes."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, lazyload

from app.accounts.models import User
from app.core.db import db
from app.core.permissions import Actor
from app.employers.models import Employer
from app.lifecycle.changing.models import ENDED, ChangeKind, ChangePaper, RegisteredChange
from app.lifecycle.changing.policy import visible_to

standing = RegisteredChange.state.not_in(ENDED)


def listed(actor: Actor | None) -> Select[Any]:
    """Every change in the actor's reach, with its employer."""
    return (
        select(RegisteredChange)
        .join(Employer, Employer.id == RegisteredChange.employer_id)
        .where(visible_to(actor))
        .options(
            joinedload(RegisteredChange.employer)
            .load_only(Employer.id, Employer.name, Employer.owner_id)
            .joinedload(Employer.owner)
            .options(lazyload(User.branch), lazyload(User.roles)),
        )
    )


def of_employer(employer_id: int) -> Sequence[RegisteredChange]:
    """An employer's changes, the latest first."""
    query = select(RegisteredChange).where(RegisteredChange.employer_id == employer_id)
    return db.session.scalars(query.order_by(RegisteredChange.id.desc()).limit(6)).all()


def standing_of(employer_id: int, kind: ChangeKind) -> RegisteredChange | None:
    query = select(RegisteredChange).where(
        RegisteredChange.employer_id == employer_id, RegisteredChange.kind == kind, standing
    )
    return db.session.scalars(query).one_or_none()


def standing_kinds(employer_ids: Sequence[int]) -> list[ChangeKind]:
    """The kinds of the changes that stand of these employers, one for each change."""
    query = select(RegisteredChange.kind).where(RegisteredChange.employer_id.in_(employer_ids), standing)
    return list(db.session.scalars(query))


def checks_of(change: RegisteredChange) -> Mapping[str, ChangePaper]:
    return {check.code: check for check in change.checks}
