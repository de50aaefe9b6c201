"""Small secrets kept in the database are encrypted with keys derived from SECRET_KEY."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken

from app.config import current_settings


def _key(purpose: str) -> bytes:
    return hmac.new(current_settings().secret_key.encode(), purpose.encode(), hashlib.sha256).digest()


def seal(text: str, purpose: str) -> str:
    """Encrypts and signs; what is sealed for one purpose opens for no other."""
    return Fernet(base64.urlsafe_b64encode(_key(purpose))).encrypt(text.encode()).decode("ascii")


def unseal(sealed: str, purpose: str) -> str | None:
    """The text, or None when the seal is damaged or SECRET_KEY is another one."""
    try:
        return Fernet(base64.urlsafe_b64encode(_key(purpose))).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def fingerprint(text: str, purpose: str) -> str:
    """A keyed hash: finds a secret again without keeping it."""
    return hmac.new(_key(purpose), text.encode(), hashlib.sha256).hexdigest()
