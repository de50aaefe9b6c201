"""How often a stranger may knock: counted in Redis for all processes, in memory while Redis is away."""

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from app.config import Settings

limiter = Limiter(
    get_remote_address, in_memory_fallback_enabled=True, swallow_errors=True, strategy="moving-window"
)


def init_app(app: Flask, settings: Settings) -> None:
    """Only routes that ask for it are limited: `@limiter.limit("10/minute")`."""
    app.config.setdefault("RATELIMIT_STORAGE_URI", settings.limiter_redis_url)
    app.config.setdefault("RATELIMIT_KEY_PREFIX", "jinnuo")
    limiter.init_app(app)
