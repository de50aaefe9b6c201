"""How often a stranger may knock: counted in Redis for all processes, in memory while Redis is away."""

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user

from app.config import Settings

#: for reading personal data one record after the other: plenty for a day of calls, too little for a copy
REVEALS = "30/minute;300/day"
#: an ID number is needed now and then
ID_REVEALS = "10/minute;60/day"

limiter = Limiter(
    get_remote_address, in_memory_fallback_enabled=True, swallow_errors=True, strategy="moving-window"
)


def each_person() -> str:
    """Counts by who is signed in, so that an office behind one address is not one person."""
    known = current_user.get_id() if current_user else None
    return f"user:{known}" if known else get_remote_address()


def init_app(app: Flask, settings: Settings) -> None:
    """Only routes that ask for it are limited: `@limiter.limit("10/minute")`."""
    app.config.setdefault("RATELIMIT_STORAGE_URI", settings.limiter_redis_url)
    app.config.setdefault("RATELIMIT_KEY_PREFIX", "jinnuo")
    limiter.init_app(app)
