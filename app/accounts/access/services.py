"""Signing in step by step, and what people do with their own account."""

from datetime import timedelta
from typing import Any, cast

from flask_babel import lazy_gettext as _l
from sqlalchemy import CursorResult, Update, delete, or_, select, update

from app.accounts import policy, queries
from app.accounts.models import EndedSession, RecoveryCode, User
from app.accounts.services import clean_mobile, end_sessions, forget_second_factor, set_password
from app.audit import services as audit
from app.core.clock import now
from app.core.db import db
from app.core.errors import DomainError
from app.core.language.i18n import msgid
from app.core.permissions import SEPARATED_ROLES
from app.core.signing_in import passwords, second_factor
from app.core.signing_in.sealing import fingerprint, seal, unseal

TOTP, RECOVERY = "second factor", "recovery code"

REFUSED_EVENT = msgid("Sign-in refused")

#: One answer for every refusal, so that nobody learns which user names exist.
REFUSED = _l(
    "The user name or the password is not right. After %(tries)d failures in a row "
    "an account is locked for %(minutes)d minutes.",
    tries=policy.LOCK_AFTER,
    minutes=policy.LOCK_MINUTES,
)
DEACTIVATED = _l("This account was deactivated. Ask your security administrator.")
CODE_REFUSED = _l("The code is not right, or it was used before. Wait for the next one and try again.")


class SignInRefused(DomainError):
    """A failed sign-in. It was counted and recorded: the caller commits and then shows the message."""


# --- signing in ---------------------------------------------------------------------------------


def check_password(username: str, password: str) -> User:
    """The user whose password this is. Raises SignInRefused, after as long a time for unknown names."""
    user_id, kept = queries.credentials(username)
    right = passwords.matches(kept, password)
    user = _locked_row(user_id) if user_id else None
    if user is None:
        audit.record(REFUSED_EVENT, details={"username": username[:60], "reason": msgid("unknown user name")})
        raise SignInRefused(REFUSED)
    if policy.is_locked(user):
        _refuse(user, msgid("the account is locked"))
    if not right:
        _count_failure(user)
        _refuse(user, msgid("wrong password"))
    if not user.active:
        _refuse(user, msgid("the account is deactivated"), DEACTIVATED)
    if passwords.needs_rehash(kept):
        user.password_hash = passwords.hashed(password)
    return user


def _locked_row(user_id: int) -> User | None:
    query = select(User).where(User.id == user_id).with_for_update(of=User)
    return db.session.scalars(query).unique().one_or_none()


def _count_failure(user: User) -> None:
    user.failed_logins += 1
    if user.failed_logins >= policy.LOCK_AFTER:
        user.failed_logins = 0
        user.locked_until = now() + timedelta(minutes=policy.LOCK_MINUTES)
        audit.record(msgid("Account locked"), user)


def _refuse(user: User, reason: str, message: object = REFUSED) -> None:
    audit.record(REFUSED_EVENT, user, details={"username": user.username, "reason": reason})
    raise SignInRefused(message)


def check_code(user_id: int, session_stamp: str, code: str) -> User:
    """The second step of signing in: six digits, or a recovery code. Raises SignInRefused.

    The stamp is the one of the first step: a password changed in between voids it.
    """
    user = _locked_row(user_id)
    if user is None or not user.active or policy.is_locked(user) or user.session_stamp != session_stamp:
        raise SignInRefused(REFUSED)
    if not use_code(user, code):
        _count_failure(user)
        _refuse(user, msgid("wrong code"), CODE_REFUSED)
    return user


def use_code(user: User, code: str) -> bool:
    """Whether the code is the user's; a right one is used up, also against a second request at once."""
    if not second_factor.looks_like_totp(code):
        return _use_recovery_code(user, code)
    secret = unseal(user.totp_secret or "", TOTP)
    step = second_factor.accepted_step(secret, code, user.totp_last_step) if secret else None
    if step is None:
        return False
    unused = or_(User.totp_last_step.is_(None), User.totp_last_step < step)
    return _claim(update(User).where(User.id == user.id, unused).values(totp_last_step=step))


def _use_recovery_code(user: User, code: str) -> bool:
    known = fingerprint(second_factor.normal_recovery_code(code), RECOVERY)
    mine = [RecoveryCode.user_id == user.id, RecoveryCode.code_hash == known, RecoveryCode.used_at.is_(None)]
    used = _claim(update(RecoveryCode).where(*mine).values(used_at=now()))
    if used:
        audit.record(msgid("Recovery code used"), user)
    return used


def _claim(statement: Update) -> bool:
    result = db.session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount == 1


def signed_in(user: User) -> None:
    """Notes the successful end of signing in."""
    user.failed_logins = 0
    user.locked_until = None
    user.last_login_at = now()
    with audit.acting_as(user):
        audit.record(msgid("Signed in"), user, details={"second_factor": bool(user.totp_secret)})


def signed_out(user: User, token: str) -> None:
    """Ends this one session: a copy of its cookie opens nothing any more."""
    stale = now() - timedelta(hours=policy.SESSION_HOURS)
    db.session.execute(delete(EndedSession).where(EndedSession.ended_at < stale))
    if token:
        db.session.merge(EndedSession(token=token, ended_at=now()))
    audit.record(msgid("Signed out"), user)


# --- one's own account --------------------------------------------------------------------------


def change_password(user: User, current: str, new: str) -> None:
    """Sets a new password and ends the other sessions. Raises DomainError with everything that is wrong."""
    if not passwords.matches(user.password_hash, current):
        raise DomainError(_l("The current password is not right."))
    if passwords.matches(user.password_hash, new):
        raise DomainError(_l("The new password must differ from the current one."))
    set_password(user, new)
    user.must_change_password = False


def enrol(user: User, secret: str, code: str) -> list[str]:
    """Turns the second factor on once the app shows the right code; gives the recovery codes."""
    step = second_factor.accepted_step(secret, code, None)
    if step is None:
        raise DomainError(_l("This code does not fit. Check your phone's clock and type the newest code."))
    user.totp_secret, user.totp_last_step = seal(secret, TOTP), step
    end_sessions(user)
    audit.record(msgid("Second factor turned on"), user)
    return renew_recovery_codes(user)


def renew_recovery_codes(user: User) -> list[str]:
    """Ten fresh codes; the old ones are void."""
    codes = second_factor.new_recovery_codes()
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    db.session.add_all(RecoveryCode(user_id=user.id, code_hash=fingerprint(c, RECOVERY)) for c in codes)
    db.session.flush()
    return codes


def renew_own_recovery_codes(user: User, code: str) -> list[str]:
    """Like `renew_recovery_codes`, for whoever shows that the factor is at hand."""
    if not use_code(user, code):
        raise DomainError(CODE_REFUSED)
    audit.record(msgid("Recovery codes renewed"), user)
    return renew_recovery_codes(user)


def turn_off_second_factor(user: User, code: str) -> None:
    """Raises DomainError for administrators, who need it, and for a wrong code."""
    if user.role_set & SEPARATED_ROLES:
        raise DomainError(_l("Administrators sign in with two factors; it cannot be turned off."))
    if not use_code(user, code):
        raise DomainError(CODE_REFUSED)
    forget_second_factor(user)


def update_profile(user: User, *, mobile: str | None, locale: str | None) -> None:
    user.mobile = clean_mobile(mobile)
    user.locale = locale or None
