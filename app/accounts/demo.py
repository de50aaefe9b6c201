"""Two branches and their people. All share one password, which is printed at the start."""

import secrets
from dataclasses import dataclass

from app.accounts import queries, services
from app.accounts.models import Branch, User, UserRole
from app.core.clock import now
from app.core.db import db
from app.core.demo import Demo
from app.core.permissions import Role, Scope
from app.core.signing_in import passwords

PASSWORD = "Jinnuo-2026-demo"  # noqa: S105 - of the demonstration, and printed at its start
DEPARTMENT = "金诺住房公积金管理部"


@dataclass(frozen=True)
class Person:
    """`place`: the department itself, or the code of a branch. `shown`: printed among the demo logins."""

    username: str
    name: str
    role: Role
    place: str
    scope: Scope = Scope.BRANCH
    shown: bool = False


ROOT, EAST, WEST = "", "01", "02"
BRANCHES = ((EAST, "滨河服务部"), (WEST, "东港服务部"))

PEOPLE = (
    Person("specialist", "陈静", Role.SPECIALIST, EAST, shown=True),
    Person("specialist2", "刘洋", Role.SPECIALIST, EAST),
    Person("specialist3", "赵敏", Role.SPECIALIST, EAST),
    Person("enforcement", "孙强", Role.ENFORCEMENT_OFFICER, EAST, shown=True),
    Person("manager", "周丽", Role.MANAGER, EAST, shown=True),
    Person("head", "吴建国", Role.BRANCH_HEAD, EAST, shown=True),
    Person("specialist4", "黄伟", Role.SPECIALIST, WEST, shown=True),
    Person("specialist5", "徐娟", Role.SPECIALIST, WEST),
    Person("enforcement2", "马超", Role.ENFORCEMENT_OFFICER, WEST),
    Person("manager2", "朱明", Role.MANAGER, WEST),
    Person("head2", "胡平", Role.BRANCH_HEAD, WEST, shown=True),
    Person("director", "郭文", Role.MANAGER, ROOT, Scope.BRANCH_AND_BELOW, shown=True),
    Person("bank", "罗霞", Role.BANK_PARTNER, ROOT, Scope.BRANCH_AND_BELOW, shown=True),
    Person("system", "何涛", Role.SYSTEM_ADMIN, ROOT, Scope.ALL, shown=True),
    Person("security", "林华", Role.SECURITY_ADMIN, ROOT, Scope.ALL, shown=True),
    Person("auditor", "高英", Role.AUDIT_ADMIN, ROOT, Scope.ALL, shown=True),
)


def load(_demo: Demo) -> None:
    """Names the department, and adds its branches and people."""
    root = queries.root_branch()
    root.name = DEPARTMENT
    places: dict[str, Branch] = {ROOT: root}
    for code, name in BRANCHES:
        places[code] = services.create_branch(code, name, parent=root)
    hashed = passwords.hashed(PASSWORD)  # once: hashing is slow on purpose
    db.session.add_all(
        _user(person, places[person.place], hashed, number) for number, person in enumerate(PEOPLE, 1)
    )
    db.session.flush()


def _user(person: Person, branch: Branch, hashed: str, number: int) -> User:
    """Their mobiles, as those of the employers' handlers, are of a range that nobody has."""
    return User(
        mobile=f"1999999{number:04d}",
        username=person.username,
        name=person.name,
        branch=branch,
        scope=person.scope,
        roles=[UserRole(role=person.role)],
        password_hash=hashed,
        password_changed_at=now(),
        session_stamp=secrets.token_hex(8),
    )
