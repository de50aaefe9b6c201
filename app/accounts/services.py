"""The administration of users and branches."""

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, literal, select, update

from app.accounts import policy, queries
from app.accounts.models import Branch, RecoveryCode, User, UserRole
from app.audit import services as audit
from app.core.clock import now
from app.core.db import db
from app.core.errors import DomainError, Forbidden
from app.core.language.i18n import msgid
from app.core.permissions import Actor, Role, Scope
from app.core.signing_in import passwords

USERNAME = re.compile(r"[a-z][a-z0-9._-]{1,59}")
BRANCH_CODE = re.compile(r"[A-Za-z0-9-]{1,20}")
MOBILE = re.compile(r"1[3-9]\d{9}")


@dataclass(frozen=True)
class NewUser:
    """A user and, when it was made here, the one-time password: it is shown once and kept nowhere."""

    user: User
    password: str | None


def create_user(
    username: str,
    name: str,
    *,
    roles: Collection[Role],
    branch: Branch,
    scope: Scope = Scope.BRANCH,
    mobile: str | None = None,
    password: str | None = None,
    must_change: bool = True,
    by: Actor | None = None,
) -> NewUser:
    """Adds a user. Without a password a one-time password is made. Raises DomainError with every reason."""
    username = username.strip().casefold()
    if not USERNAME.fullmatch(username):
        raise DomainError(_l("A user name begins with a letter and has only letters, digits, dots, - and _."))
    if queries.user_named(username):
        raise DomainError(_l("The user name “%(username)s” is taken.", username=username))
    _check_reach(by, branch, scope)
    _check_roles(roles)
    user = User(username=username, name=_text(name), branch=branch, scope=scope, mobile=clean_mobile(mobile))
    user.roles = [UserRole(role=role) for role in sorted(set(roles))]
    chosen = password or passwords.one_time()
    set_password(user, chosen)
    user.must_change_password = must_change
    db.session.add(user)
    db.session.flush()
    audit.record(msgid("Roles changed"), user, changes={"roles": [[], sorted(user.role_set)]})
    return NewUser(user, None if password else chosen)


def first_administrator() -> NewUser | None:
    """The one who adds all others to an instance without users; None where there is any user already.

    A security administrator, because only that role gives roles; makes the department where it is missing.
    """
    if db.session.scalar(select(func.count()).select_from(User)):
        return None
    root = db.session.scalars(select(Branch).where(Branch.parent_id.is_(None)).order_by(Branch.id)).first()
    department = root or create_branch("0", str(_l("Provident fund department")))
    name = str(_l("Security administrator"))
    return create_user("admin", name, roles=[Role.SECURITY_ADMIN], branch=department, scope=Scope.ALL)


def _text(name: str) -> str:
    cleaned = " ".join(name.split())
    if not cleaned:
        raise DomainError(_l("Please give a name."))
    return cleaned


def _check_reach(by: Actor | None, branch: Branch, scope: Scope) -> None:
    if by is None:
        return
    queries.branch(by, branch.id)
    if not policy.within(scope, by.scope):
        raise Forbidden(_l("You cannot give a wider scope than your own."))


def _check_roles(roles: Collection[Role]) -> None:
    if reasons := policy.objections_to_roles(roles):
        raise DomainError(_l("These roles cannot be held together:"), reasons)


def update_user(
    user: User,
    *,
    name: str,
    branch: Branch,
    scope: Scope,
    roles: Collection[Role],
    mobile: str | None,
    by: Actor | None,
) -> None:
    """Changes what a user is and may do; new rights or another place end the user's sessions."""
    _check_reach(by, branch, scope)
    user.name, user.mobile = _text(name), clean_mobile(mobile)
    if (branch.id, scope) != (user.branch_id, user.scope):
        _not_oneself(user, by)
        user.branch, user.scope = branch, scope
        end_sessions(user)
    set_roles(user, roles, by=by)


def set_roles(user: User, roles: Collection[Role], *, by: Actor | None) -> None:
    """Raises DomainError for roles that exclude each other, and Forbidden for one's own."""
    before, after = user.role_set, frozenset(roles)
    if before == after:
        return
    _not_oneself(user, by)
    _check_roles(roles)
    if Role.SECURITY_ADMIN in before - after:
        _not_the_last(user)
    user.roles = [held for held in user.roles if held.role in after] + [
        UserRole(role=role) for role in sorted(after - before)
    ]
    end_sessions(user)
    db.session.flush()
    audit.record(msgid("Roles changed"), user, changes={"roles": [sorted(before), sorted(after)]})


def _not_oneself(user: User, by: Actor | None) -> None:
    if by is not None and by.id == user.id:
        raise Forbidden(_l("Nobody changes his own rights: ask another security administrator."))


def _not_the_last(user: User) -> None:
    if user.active and queries.active_holders(Role.SECURITY_ADMIN) < 2:
        raise DomainError(_l("This is the last security administrator: appoint another one first."))


def reset_password(user: User, *, by: Actor | None) -> str:
    """Makes a one-time password that must be changed at the next sign-in; shown once."""
    _not_oneself(user, by)
    password = passwords.one_time()
    set_password(user, password)
    user.must_change_password = True
    unlock(user)
    audit.record(msgid("Password reset"), user)
    return password


def reset_second_factor(user: User, *, by: Actor | None) -> None:
    """For a lost telephone; an administrator enrols anew at the next sign-in."""
    _not_oneself(user, by)
    forget_second_factor(user)


def unlock(user: User) -> None:
    user.failed_logins, user.locked_until = 0, None


def set_active(user: User, active: bool, *, by: Actor | None) -> None:
    """A deactivated user cannot sign in and is signed out; his name stays on what he did."""
    _not_oneself(user, by)
    if user.active and not active and Role.SECURITY_ADMIN in user.role_set:
        _not_the_last(user)
    user.active = active
    end_sessions(user)


# --- the user's secrets ---


def set_password(user: User, password: str) -> None:
    """Raises DomainError when the password is too weak."""
    if reasons := passwords.weaknesses(password, user.username):
        raise DomainError(_l("This password is too weak:"), reasons)
    user.password_hash = passwords.hashed(password)
    user.password_changed_at = now()
    end_sessions(user)


def end_sessions(user: User) -> None:
    """Every session of the user is over from now on."""
    user.session_stamp = secrets.token_hex(16)


def forget_second_factor(user: User) -> None:
    """Off, with its recovery codes void and every session over."""
    user.totp_secret = user.totp_last_step = None
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    end_sessions(user)
    audit.record(msgid("Second factor turned off"), user)


def clean_mobile(number: str | None) -> str | None:
    """Eleven digits without spaces, or None. Raises DomainError."""
    digits = re.sub(r"[\s-]", "", number or "")
    if digits and not MOBILE.fullmatch(digits):
        raise DomainError(_l("A mobile number has 11 digits and begins with 1."))
    return digits or None


# --- branches -----------------------------------------------------------------------------------


def create_branch(code: str, name: str, *, parent: Branch | None = None) -> Branch:
    """Adds a branch under `parent`; None only for the department itself. Raises DomainError."""
    branch = Branch(code=_free_code(code, None), name=_text(name), parent=parent)
    db.session.add(branch)
    db.session.flush()
    branch.path = f"{parent.path if parent else '/'}{branch.id}/"
    db.session.flush()
    return branch


def update_branch(branch: Branch, *, code: str, name: str, parent: Branch | None) -> None:
    """Renames and moves a branch with everything below it. Raises DomainError for a circle."""
    branch.code, branch.name = _free_code(code, branch.id), _text(name)
    if (parent.id if parent else None) != branch.parent_id:
        _move(branch, parent)
    db.session.flush()


def _free_code(code: str, own_id: int | None) -> str:
    code = code.strip()
    if not BRANCH_CODE.fullmatch(code):
        raise DomainError(_l("A branch code has up to 20 letters, digits and hyphens."))
    taken = db.session.scalars(select(Branch.id).where(func.lower(Branch.code) == code.lower())).first()
    if taken is not None and taken != own_id:
        raise DomainError(_l("The branch code “%(code)s” is taken.", code=code))
    return code


def _move(branch: Branch, parent: Branch | None) -> None:
    if parent is None or branch.parent_id is None:
        raise DomainError(_l("The department itself stays at the top, and every other branch below it."))
    if parent.path.startswith(branch.path):
        raise DomainError(_l("A branch cannot be moved below itself."))
    old, new = branch.path, f"{parent.path}{branch.id}/"
    branch.parent = parent
    db.session.flush()
    moved = literal(new).concat(func.substr(Branch.path, len(old) + 1))
    db.session.execute(
        update(Branch).where(Branch.path.startswith(old, autoescape=True)).values(path=moved),
        execution_options={"synchronize_session": False},
    )
    db.session.expire_all()
