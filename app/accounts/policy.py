"""Which branches a user reaches, and what account administration allows."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Protocol

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from app.accounts.models import Branch, User
from app.core.clock import now
from app.core.permissions import SEPARATED_ROLES, Actor, Grantable, Holder, Role, Scope
from app.core.signing_in.passwords import MAX_AGE_DAYS

#: Failures in a row after which an account is locked, and for how long.
LOCK_AFTER = 5
LOCK_MINUTES = 10
#: A session ends after this long however busy it is, and a half-done sign-in after the other.
SESSION_HOURS = 12
WAITING_MINUTES = 5


class Permission(Grantable):
    USERS_VIEW = "accounts:view_users", _l("See the users and their roles")
    USERS_EDIT = "accounts:edit_users", _l("Create users, give roles, reset passwords and second factors")
    BRANCHES_VIEW = "accounts:view_branches", _l("See the tree of branches")
    BRANCHES_EDIT = "accounts:edit_branches", _l("Create, rename and move branches")
    ROLES_VIEW = "accounts:view_roles", _l("See the roles and what each may do")


def in_scope(
    actor: Actor | None,
    branch: "InstrumentedAttribute[int]",
    *owners: "InstrumentedAttribute[int | None]",
) -> ColumnElement[bool]:
    """The row scope that every `visible_to` builds on: a condition over a branch column and owner columns.

    Own scope means rows that one of the owner columns gives to the actor.
    """
    if actor is None or actor.scope is Scope.ALL:
        return true()
    if actor.scope is Scope.OWN:
        return or_(*(owner == actor.id for owner in owners)) if owners else false()
    if actor.scope is Scope.BRANCH:
        return branch == actor.branch_id
    below = select(Branch.id).where(Branch.path.startswith(actor.branch_path, autoescape=True))
    return branch.in_(below)


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The users in the actor's reach: those of his branches, or himself alone."""
    return in_scope(actor, User.branch_id, User.id)


def branches_visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The branches in the actor's reach; own scope still reaches the branch one works in."""
    if actor is not None and actor.scope is Scope.OWN:
        return Branch.id == actor.branch_id
    return in_scope(actor, Branch.id)


_WIDTH = {Scope.OWN: 0, Scope.BRANCH: 1, Scope.BRANCH_AND_BELOW: 2, Scope.ALL: 3}


def within(scope: Scope, limit: Scope) -> bool:
    """Whether a scope reaches no further than another: nobody gives away more than he has."""
    return _WIDTH[scope] <= _WIDTH[limit]


#: why one person may not hold some roles together
ROLE_OBJECTIONS = {
    "no_role": _l("Choose at least one role."),
    "two_administrators": _l("Nobody holds two of the three administrator roles."),
    "administrator_works": _l("An administrator does no other work: give the other roles to someone else."),
    "bank_partner_works": _l("A bank partner holds no other role."),
}


def objections_to_roles(roles: Collection[Role]) -> list[object]:
    """Every reason why one person may not hold these roles together."""
    return [ROLE_OBJECTIONS[code] for code in role_objections(roles)]


def role_objections(roles: Collection[Role]) -> list[str]:
    """The same as keys of ROLE_OBJECTIONS."""
    held = frozenset(roles)
    found = {
        "no_role": not held,
        "two_administrators": len(held & SEPARATED_ROLES) > 1,
        "administrator_works": bool(held & SEPARATED_ROLES and held - SEPARATED_ROLES),
        "bank_partner_works": Role.BANK_PARTNER in held and len(held) > 1,
    }
    return [code for code, holds in found.items() if holds]


class Admitted(Holder, Protocol):
    """What is known of whoever is signed in, and matters to whether they may go on."""

    must_change_password: Any
    password_changed_at: Any
    totp_secret: Any


def must_change_password(user: Admitted) -> bool:
    """At the first sign-in, after a reset, and when the password is too old."""
    changed = user.password_changed_at
    return user.must_change_password or (
        changed is not None and changed < now() - timedelta(days=MAX_AGE_DAYS)
    )


def must_enrol(user: Admitted) -> bool:
    """Administrators sign in with two factors."""
    return bool(user.role_set & SEPARATED_ROLES) and not user.totp_secret


def is_locked(user: User) -> bool:
    """After too many failures, for some minutes."""
    return user.locked_until is not None and user.locked_until > now()
