"""Background jobs: RQ wakes and distributes, the database is the truth.

A job is a typed function of a few lines that takes ids and calls a service. It is pushed to Redis only
after the transaction that asked for it has committed; running it twice changes nothing; whatever Redis
loses, a sweep named in a feature's schedule finds again.
"""

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import ParamSpec, TypeVarTuple

from flask import Flask, current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry as ConnectionRetry
from rq import Queue, Retry, Worker
from rq.queue import EnqueueData
from rq.serializers import JSONSerializer
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from app.config import current_settings
from app.core.clock import local
from app.core.db import db, writing

log = logging.getLogger(__name__)

#: The one queue. A worker on two queues can lose a job when it is killed while taking one.
QUEUE = "jinnuo"
TRIES_AFTER_FAILURE = 3
KEEP_RESULT_SECONDS = 60
KEEP_FAILURE_SECONDS = 7 * 24 * 3600
PENDING = "jinnuo.jobs"

P = ParamSpec("P")
Ids = TypeVarTuple("Ids")

_timeouts: dict[Callable[..., None], int] = {}


@dataclass(frozen=True, slots=True)
class Call:
    """One wish to run a job: the job and the ids it is for."""

    function: Callable[..., None]
    ids: tuple[int | str, ...]


_inline: ContextVar[list[Call] | None] = ContextVar("jobs_to_run_inline", default=None)


def job(timeout: int = 600) -> Callable[[Callable[P, object]], Callable[P, None]]:
    """Make a function a job that may run for ``timeout`` seconds.

    Calling it runs it here and now: one writing transaction, committed at its end, rolled back when it fails.
    """

    def decorate(function: Callable[P, object]) -> Callable[P, None]:
        @functools.wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> None:
            with writing():
                try:
                    function(*args, **kwargs)
                    db.session.commit()
                except BaseException:
                    db.session.rollback()
                    raise

        _timeouts[run] = timeout
        return run

    return decorate


def known_jobs() -> tuple[Callable[..., None], ...]:
    """Every function of the process that is a job."""
    return tuple(_timeouts)


def enqueue(function: Callable[[*Ids], None], *ids: *Ids) -> None:
    """Ask for a job once the running transaction has committed; a rollback forgets the wish.

    The same job for the same ids is asked for once in a transaction. Raises TypeError for a function that
    is no job and for an argument that is no id (an object could be stale by the time the job runs).
    """
    if function not in _timeouts:
        raise TypeError(f"{function!r} is not a job: decorate it with @job().")
    call = Call(function, tuple(_checked(value) for value in ids))
    session = db.session()
    session.info.setdefault(PENDING, {}).setdefault(call, session.get_nested_transaction())


def _checked(value: object) -> int | str:
    if isinstance(value, int | str):
        return value
    raise TypeError(f"A job takes ids (int or str), not {type(value).__name__}.")


@event.listens_for(Session, "after_commit")
def _hand_over(session: Session) -> None:
    if not session.info.get(PENDING):
        return
    savepoint = session.get_nested_transaction()
    if savepoint is not None:
        _keep_for_parent(session, savepoint)
        return
    calls = list(session.info.pop(PENDING))
    waiting = _inline.get()
    if waiting is None:
        push(calls)
    else:
        waiting.extend(calls)


def _keep_for_parent(session: Session, savepoint: SessionTransaction) -> None:
    """A released savepoint leaves its wishes to the transaction around it."""
    parent = savepoint.parent if savepoint.parent is not None and savepoint.parent.nested else None
    pending: dict[Call, SessionTransaction | None] = session.info[PENDING]
    session.info[PENDING] = {call: parent if owner is savepoint else owner for call, owner in pending.items()}


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, ended: SessionTransaction) -> None:
    pending: dict[Call, SessionTransaction | None] = session.info.pop(PENDING, {})
    if ended.nested and pending:
        session.info[PENDING] = {call: owner for call, owner in pending.items() if owner is not ended}


def push(calls: list[Call]) -> None:
    """Put calls on the queue. An unreachable Redis is logged only: the sweep finds the work later."""
    try:
        job_queue().enqueue_many([_prepared(call) for call in calls])
    except (RedisError, OSError) as error:
        log.warning("Redis is not reachable (%s); %d job(s) wait for the next sweep", error, len(calls))


def _prepared(call: Call) -> EnqueueData:
    return Queue.prepare_data(
        call.function,
        args=call.ids,
        timeout=_timeouts[call.function],
        result_ttl=KEEP_RESULT_SECONDS,
        failure_ttl=KEEP_FAILURE_SECONDS,
        retry=Retry(max=TRIES_AFTER_FAILURE),
    )


@contextmanager
def run_inline() -> Iterator[None]:
    """Jobs whose transaction commits inside run in this process when the block ends.

    Each runs in its own application context, as in a worker, and so do the jobs that they ask for.
    The first failure is raised and leaves the rest to the sweep.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    calls: list[Call] = []
    token = _inline.set(calls)
    try:
        yield
        while calls:
            call = calls.pop(0)
            with app.app_context():
                call.function(*call.ids)
    finally:
        _inline.reset(token)


@contextmanager
def run_somewhere() -> Iterator[None]:
    """For commands: leave jobs to the workers where some are listening, else run them in the command."""
    if workers_listening():
        yield
        return
    with run_inline():
        yield


def workers_listening() -> int:
    """How many workers take jobs from the queue now; 0 when Redis does not answer."""
    try:
        return Worker.count(queue=job_queue())
    except (RedisError, OSError):
        return 0


def redis_connection() -> Redis:
    """The Redis of the running app. Fails fast, so that a request never waits for a dead one."""
    kept = current_app.extensions.get("jinnuo.redis")
    if not isinstance(kept, Redis):
        kept = connect_redis(timeout_seconds=2.0)
        current_app.extensions["jinnuo.redis"] = kept
    return kept


def connect_redis(timeout_seconds: float) -> Redis:
    """A new client of the configured Redis that gives up after ``timeout_seconds``, without retries."""
    return Redis.from_url(
        current_settings().redis_url,
        socket_connect_timeout=timeout_seconds,
        socket_timeout=timeout_seconds,
        retry=ConnectionRetry(NoBackoff(), 0),
    )


def job_queue(connection: Redis | None = None) -> Queue:
    """The queue; its messages are JSON, so that who reaches Redis still cannot run code here."""
    return Queue(QUEUE, connection=connection or redis_connection(), serializer=JSONSerializer)


@dataclass(frozen=True, slots=True)
class Every:
    """A schedule entry: run the job once in every slot of ``seconds``."""

    seconds: int
    function: Callable[[], None]

    def __post_init__(self) -> None:
        if self.seconds < 1:
            raise ValueError("Every() needs at least one second.")
        _require_job(self.function)

    def slot(self, moment: datetime) -> str | None:
        """The name of the slot that ``moment`` is in."""
        return str(int(moment.timestamp()) // self.seconds)

    @property
    def lifetime(self) -> timedelta:
        """How long the job may wait in the queue before the next one replaces it."""
        return timedelta(seconds=max(self.seconds, 5))


@dataclass(frozen=True, slots=True)
class DailyAt:
    """A schedule entry: run the job once a day at ``at`` ("07:30", Asia/Shanghai), or later if missed."""

    at: str
    function: Callable[[], None]

    def __post_init__(self) -> None:
        time.fromisoformat(self.at)
        _require_job(self.function)

    def slot(self, moment: datetime) -> str | None:
        """The local date once the time has come, else None."""
        here = local(moment)
        return here.date().isoformat() if here.time() >= time.fromisoformat(self.at) else None

    @property
    def lifetime(self) -> timedelta:
        """How long the job may wait in the queue before the next one replaces it."""
        return timedelta(days=1)


Entry = Every | DailyAt


def _require_job(function: Callable[..., None]) -> None:
    if function not in _timeouts:
        raise TypeError(f"{function!r} is not a job: decorate it with @job().")


def timeout_of(function: Callable[..., None]) -> int:
    """Seconds that a job may run."""
    return _timeouts[function]
