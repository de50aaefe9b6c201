"""Two answers for load balancers and the supervisor: "I run" and "I can serve"."""

import logging
from functools import lru_cache

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, jsonify
from redis.exceptions import RedisError
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from app.config import PROJECT
from app.core.db import db
from app.core.jobs import redis_connection
from app.core.permissions import public

log = logging.getLogger(__name__)
blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
def alive() -> Response:
    """The process answers; nothing else is looked at, so that a slow database restarts no web server."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@public
def ready() -> tuple[Response, int]:
    """Database, migrations and Redis: 200 when all are well, else 503. Says which, not why (it is public)."""
    checks = {"database": _database(), "migrations": _migrations(), "redis": _redis()}
    well = all(checks.values())
    report = {name: "ok" if good else "failed" for name, good in checks.items()}
    return jsonify(status="ok" if well else "failed", checks=report), 200 if well else 503


def _database() -> bool:
    try:
        db.session.execute(db.text("SELECT 1"))
    except SQLAlchemyError:
        log.exception("The database does not answer")
        return False
    return True


def _migrations() -> bool:
    try:
        return database_revisions() == wanted_revisions()
    except SQLAlchemyError:
        return False


def _redis() -> bool:
    try:
        return bool(redis_connection().ping())
    except (RedisError, OSError):
        log.exception("Redis does not answer")
        return False


def database_revisions() -> frozenset[str]:
    """The migrations that the database has."""
    context = MigrationContext.configure(db.session.connection())
    return frozenset(context.get_current_heads())


@lru_cache(maxsize=1)
def wanted_revisions() -> frozenset[str]:
    """The migrations that this program wants."""
    return frozenset(ScriptDirectory(str(PROJECT / "migrations")).get_heads())


def is_damage(error: DatabaseError) -> bool:
    """Whether the file is no database or has torn pages: SQLite's driver has no class of its own for it."""
    return type(error) is DatabaseError
