"""What a staff list does: adds those who are missing, by the rules that the form of one user has.

A user who is there is left as he is: his rights change on his page, where his sessions end and the last
administrator is protected. Nobody knows a new user's password. He gets a one-time password from his page
when he comes to work, and must change it.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import lru_cache
from typing import Any

from flask_babel import force_locale
from sqlalchemy import select

from app.accounts import queries
from app.accounts.models import Branch, User, UserRole
from app.accounts.policy import role_objections, within
from app.accounts.services import USERNAME
from app.audit import services as audit
from app.core.db import db
from app.core.importing.spec import Context, Line, Plan, id_of
from app.core.language.i18n import DEFAULT, msgid
from app.core.permissions import ROLE_LABELS, Role, Scope
from app.core.sheets.cells import Cell, CellError, plain_text

Values = Mapping[str, Any]


def username(cell: Cell) -> str:
    """A user name in small letters."""
    value = plain_text(cell).casefold()
    if not USERNAME.fullmatch(value):
        raise CellError("bad_username", value=plain_text(cell))
    return value


def role_names(cell: Cell) -> str:
    """Roles as the list writes them, each known by its Chinese or English name or its code."""
    written = plain_text(cell)
    roles_in(written)
    return written


def roles_in(written: str) -> frozenset[Role]:
    """The roles that a text names, between commas, semicolons or 、. Raises CellError for an unknown one."""
    parts = [part.strip() for part in re.split(r"[,，;；、/]", written) if part.strip()]
    unknown = [part for part in parts if part.casefold() not in _known_roles()]
    if unknown:
        raise CellError("unknown_code", value=unknown[0])
    return frozenset(_known_roles()[part.casefold()] for part in parts)


def roles_in_words(written: str) -> list[str]:
    """The roles that a text names, in the reader's language. Raises CellError for an unknown one."""
    named = roles_in(written)
    return [str(label) for role, label in ROLE_LABELS.items() if role in named]


@lru_cache(maxsize=1)
def _known_roles() -> Mapping[str, Role]:
    known = {role.value: role for role in Role}
    for locale in (DEFAULT, "en"):
        with force_locale(locale):
            known |= {str(label).casefold(): role for role, label in ROLE_LABELS.items()}
    return known


def plan(lines: Sequence[Line], context: Context) -> list[Plan]:
    """Compares the lines with the users that there are, of whatever branch."""
    names = [line.values["username"] for line in lines]
    users = {user.username: user for user in db.session.scalars(select(User).where(User.username.in_(names)))}
    branches = {branch.code.casefold(): branch for branch in queries.branches(context.actor)}
    return [_plan_one(line, users.get(line.values["username"]), branches, context) for line in lines]


def _plan_one(line: Line, user: User | None, branches: Mapping[str, Branch], context: Context) -> Plan:
    made, values = Plan(line), line.values
    branch, roles = branches.get(values["branch"].casefold()), roles_in(values["roles"])
    if branch is None:
        made.reject("unknown_branch", "branch", value=values["branch"])
    for objection in role_objections(roles):
        made.reject(objection, "roles")
    scope = values.get("scope") or Scope.BRANCH
    if context.actor is not None and not within(scope, context.actor.scope):
        made.reject("wider_scope", "scope")
    if branch is None or made.reasons:
        return made
    if user is not None:
        _compare(made, user, branch, roles)
    else:
        _add(made, branch, roles, scope)
    return made


def _compare(made: Plan, user: User, branch: Branch, roles: frozenset[Role]) -> None:
    """Says where a user who is there is not as the list has him."""
    made.record = user.id
    values = made.line.values
    differs = (user.name, user.branch_id, user.role_set) != (values["name"], branch.id, roles)
    if differs or values.get("mobile") not in (None, user.mobile):
        made.remark("differs")
    if not user.active:
        made.remark("inactive")


def _add(made: Plan, branch: Branch, roles: frozenset[Role], scope: Scope) -> None:
    values = made.line.values
    user = made.create(
        User,
        {
            "username": values["username"],
            "name": values["name"],
            "mobile": values.get("mobile"),
            "branch_id": branch.id,
            "scope": scope,
            "must_change_password": True,
            "session_stamp": secrets.token_hex(16),
        },
    )
    for role in sorted(roles):
        made.create(UserRole, {"user_id": user, "role": role})
    made.extra = sorted(roles)
    made.remark("password")


def applied(plans: Sequence[Plan], context: Context) -> None:
    """The trail has one event for each new user, with the roles that he was given."""
    with audit.acting_as(context.actor) if context.actor else nullcontext():
        for one in plans:
            if one.record is not None and one.extra is not None:
                changes = {"roles": [[], list(one.extra)]}
                name = one.line.values["name"]
                audit.record(ADDED, ("users", id_of(one.record)), name=name, changes=changes)


ADDED = msgid("User added by a staff list")
