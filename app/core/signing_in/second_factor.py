"""The second factor: six digits from an authenticator app (TOTP, RFC 6238), or a recovery code."""

import hmac
import re
import secrets

import pyotp

from app.core.clock import now

STEP_SECONDS = 30
#: Steps before and after the present one that are accepted, for clocks that differ.
TOLERANCE = 1
RECOVERY_CODES = 10


def new_secret() -> str:
    """A fresh base32 secret of 160 bits."""
    return pyotp.random_base32()


def setup_uri(secret: str, username: str, issuer: str) -> str:
    """What the QR code says to an authenticator app."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def accepted_step(secret: str, code: str, after: int | None) -> int | None:
    """The time step that the code belongs to, or None. Steps up to `after` were used before: refused."""
    digits = re.sub(r"\s", "", code)
    present = int(now().timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(secret)
    for step in range(present - TOLERANCE, present + TOLERANCE + 1):
        fresh = after is None or step > after
        if hmac.compare_digest(totp.generate_otp(step).encode(), digits.encode()) and fresh:
            return step
    return None


def new_recovery_codes() -> list[str]:
    """One-time codes for the day the telephone is lost; 50 bits each."""
    return [f"{c[:5]}-{c[5:]}" for c in (pyotp.random_base32(32)[:10].lower() for _ in range(RECOVERY_CODES))]


def normal_recovery_code(typed: str) -> str:
    """What was typed, as `new_recovery_codes` writes it."""
    letters = re.sub(r"[^a-z2-7]", "", typed.lower())
    return f"{letters[:5]}-{letters[5:]}"


def looks_like_totp(typed: str) -> bool:
    return bool(re.fullmatch(r"\d{6}", re.sub(r"\s", "", typed)))


def new_token() -> str:
    """An unguessable name for a session."""
    return secrets.token_urlsafe(24)
