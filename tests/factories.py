"""Builders: each makes one committed-when-you-commit record with sensible defaults."""

from itertools import count
from typing import Any

from app.accounts.models import Branch, User, UserRole
from app.core.db import db
from app.core.permissions import Role, Scope
from app.employers.models import Employer

_numbers = count(1)


def create_branch(code: str | None = None, parent: Branch | None = None, **fields: Any) -> Branch:
    number = next(_numbers)
    branch = Branch(
        code=code or f"B{number}", name=fields.pop("name", f"分中心{number}"), parent=parent, **fields
    )
    db.session.add(branch)
    db.session.flush()
    branch.path = f"{parent.path if parent else '/'}{branch.id}/"
    db.session.flush()
    return branch


def create_user(
    *roles: Role, branch: Branch | None = None, scope: Scope = Scope.BRANCH, **fields: Any
) -> User:
    number = next(_numbers)
    user = User(
        username=fields.pop("username", f"user{number}"),
        name=fields.pop("name", f"员工{number}"),
        branch=branch or create_branch(),
        scope=scope,
        roles=[UserRole(role=role) for role in roles or (Role.SPECIALIST,)],
        session_stamp="stamp",
        **fields,
    )
    db.session.add(user)
    db.session.flush()
    return user


def create_employer(branch: Branch | None = None, **fields: Any) -> Employer:
    number = next(_numbers)
    name = fields.pop("name", f"测试单位{number}有限公司")
    employer = Employer(
        name=name,
        branch_id=(branch or create_branch()).id,
        **fields,
    )
    db.session.add(employer)
    db.session.flush()
    return employer
