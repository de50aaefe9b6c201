"""Who may do what: roles, the permission a view declares, and the one table that joins them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from functools import wraps
from typing import Any, ParamSpec, Protocol, Self, TypeVar, cast

from flask import current_app
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.core.errors import Forbidden

P = ParamSpec("P")
R = TypeVar("R")


class Role(StrEnum):
    SPECIALIST = "specialist"
    ENFORCEMENT_OFFICER = "enforcement_officer"
    MANAGER = "manager"
    BRANCH_HEAD = "branch_head"
    BANK_PARTNER = "bank_partner"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"


ROLE_LABELS = {
    Role.SPECIALIST: _l("Enterprise-service specialist"),
    Role.ENFORCEMENT_OFFICER: _l("Enforcement officer"),
    Role.MANAGER: _l("Manager"),
    Role.BRANCH_HEAD: _l("Branch head"),
    Role.BANK_PARTNER: _l("Bank partner"),
    Role.SYSTEM_ADMIN: _l("System administrator"),
    Role.SECURITY_ADMIN: _l("Security administrator"),
    Role.AUDIT_ADMIN: _l("Audit administrator"),
}

#: No user holds two of these (three separated administrators of GB/T 22239, level 3).
SEPARATED_ROLES = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})

#: The roles that work with employers.
OFFICE = (Role.SPECIALIST, Role.ENFORCEMENT_OFFICER, Role.MANAGER, Role.BRANCH_HEAD)
LEADERS = (Role.MANAGER, Role.BRANCH_HEAD)


class Scope(StrEnum):
    OWN = "own"
    BRANCH = "branch"
    BRANCH_AND_BELOW = "branch_and_below"
    ALL = "all"


SCOPE_LABELS = {
    Scope.OWN: _l("Own records"),
    Scope.BRANCH: _l("Own branch"),
    Scope.BRANCH_AND_BELOW: _l("Own branch and those below"),
    Scope.ALL: _l("All branches"),
}


class Holder(Protocol):
    """Whoever holds roles."""

    @property
    def role_set(self) -> frozenset[Role]: ...


class Actor(Holder, Protocol):
    """Whoever acts: a user. `None` stands for the system itself."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def branch_id(self) -> int: ...
    @property
    def branch_path(self) -> str: ...
    @property
    def scope(self) -> Scope: ...


class Grantable(StrEnum):
    """What a feature's permissions are members of: `VIEW = "employers:view", _l("See employers")`."""

    #: what the holder may do, as a sentence without a subject
    label: Any

    def __new__(cls, code: str, label: Any) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member


Grants = Mapping[Grantable, tuple[Role, ...]]

_DECLARED = "_permission"
PUBLIC = "public"
SIGNED_IN = "signed in"


_acting: ContextVar[Actor | None] = ContextVar("acting_as", default=None)


@contextmanager
def on_behalf_of(actor: Actor) -> Iterator[None]:
    """Inside, the current actor is this one: for jobs that finish what somebody asked for."""
    token = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(token)


def acting() -> Actor | None:
    """On whose behalf a job works, if it does."""
    return _acting.get()


def present_actor() -> Actor | None:
    """Whoever reads or acts now, if anybody does: None in commands, in most jobs, and for strangers."""
    user = _acting.get() or (current_user._get_current_object() if current_user else None)
    return cast(Actor, user) if user is not None and getattr(user, "is_authenticated", True) else None


def current_actor() -> Actor:
    """The signed-in user, in views that declare a permission; or whoever a job works on behalf of."""
    if (actor := _acting.get()) is not None:
        return actor
    # past the proxy: its bearer asks a hundred times for roles, scope and branch
    user = current_user._get_current_object()
    if not user.is_authenticated:
        raise Forbidden(_l("Please sign in first."))
    return cast(Actor, user)


def may(actor: Holder | None, permission: str) -> bool:
    """Whether one of the actor's roles holds the permission. The system (None) may do anything."""
    if actor is None:
        return True
    table: Mapping[str, frozenset[Role]] = current_app.extensions["grants"]
    if permission not in table:
        raise KeyError(f"no feature grants {permission!r}")
    return bool(actor.role_set & table[permission])


def may_open(actor: Holder | None, endpoint: str) -> bool:
    """Whether the actor may look at a page; False for one that is not installed."""
    view = current_app.view_functions.get(endpoint)
    declared = declared_permission(view) if view is not None else None
    if declared in (None, PUBLIC, SIGNED_IN):
        return declared is not None
    return may(actor, str(declared))


def requires(permission: Grantable) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The view is for users who hold this permission: others get 403, strangers the login page."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if not current_user.is_authenticated:
                return cast(R, current_app.login_manager.unauthorized())  # type: ignore[attr-defined]
            if not may(current_actor(), permission):
                raise Forbidden(_l("Your role does not allow this. Ask your security administrator."))
            return view(*args, **kwargs)

        setattr(guarded, _DECLARED, str(permission))
        return guarded

    return decorate


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """For any signed-in user: what is allowed depends on the record, and the service beneath checks it."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not current_user.is_authenticated:
            return cast(R, current_app.login_manager.unauthorized())  # type: ignore[attr-defined]
        return view(*args, **kwargs)

    setattr(guarded, _DECLARED, SIGNED_IN)
    return guarded


def public(view: Callable[P, R]) -> Callable[P, R]:
    """The view is open to strangers; it says so, and a test looks for the word."""
    setattr(view, _DECLARED, PUBLIC)
    return view


def declared_permission(view: Callable[..., object]) -> str | None:
    """What a view declares: a permission, "signed in", "public", or None (which a test refuses)."""
    return getattr(view, _DECLARED, None)
