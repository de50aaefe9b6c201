"""The clockwork: any number of schedulers run, and each slot of each entry is claimed by exactly one.

There is no leader to elect or to lose: claim and push are one Redis transaction, so a slot is neither
done twice nor claimed and then forgotten (docs/decisions).
"""

import logging
import time
from collections.abc import Sequence
from datetime import datetime
from threading import Event

from redis.exceptions import RedisError, WatchError
from rq import Retry

from app.core.clock import now
from app.core.features import current_features
from app.core.jobs import KEEP_FAILURE_SECONDS, KEEP_RESULT_SECONDS, Entry, job_queue, timeout_of

log = logging.getLogger(__name__)


class Schedule:
    """The entries of the application and what this process knows to be done."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = tuple(entries)
        self._done: dict[Entry, str] = {}

    def fire_due(self, moment: datetime) -> list[str]:
        """Push every job whose slot at ``moment`` nobody has claimed; returns the names of those pushed."""
        fired = []
        for entry in self.entries:
            slot = entry.slot(moment)
            if slot is None or self._done.get(entry) == slot:
                continue
            if _claim_and_push(entry, slot):
                fired.append(name_of(entry))
            self._done[entry] = slot
        return fired


def name_of(entry: Entry) -> str:
    """The dotted name of an entry's job: its identity across processes."""
    return f"{entry.function.__module__}.{entry.function.__qualname__}"


def _claim_and_push(entry: Entry, slot: str) -> bool:
    """True when this process was the one that claimed the slot."""
    queue = job_queue()
    key = f"jinnuo:slot:{name_of(entry)}:{slot}"
    lifetime = int(entry.lifetime.total_seconds())
    with queue.connection.pipeline() as pipe:
        try:
            pipe.watch(key)  # type: ignore[no-untyped-call]
            if pipe.exists(key):
                return False
            pipe.multi()
            pipe.set(key, 1, ex=2 * lifetime + 60)
            queue.enqueue_call(
                entry.function,
                timeout=timeout_of(entry.function),
                # Jobs nobody takes dissolve, so that a night without workers leaves no mountain of sweeps.
                ttl=lifetime,
                result_ttl=KEEP_RESULT_SECONDS,
                failure_ttl=KEEP_FAILURE_SECONDS,
                retry=Retry(max=1),
                pipeline=pipe,
            )
            pipe.execute()
        except WatchError:
            return False
    return True


def keep_schedule(stop: Event, tick_seconds: float = 0.5) -> None:
    """Fire what is due until ``stop`` is set; an unreachable Redis is logged once and tried again."""
    schedule = Schedule(current_features().schedule)
    log.info("Schedule of %d entries", len(schedule.entries))
    reachable = True
    while not stop.wait(tick_seconds):
        started = time.monotonic()
        try:
            for name in schedule.fire_due(now()):
                log.debug("Fired %s", name)
            reachable = True
        except (RedisError, OSError) as error:
            if reachable:
                log.warning("Redis is not reachable (%s); trying again", error)
            reachable = False
        if time.monotonic() - started > 5:
            log.warning("Redis is slow: one round of the schedule took more than 5 seconds")
