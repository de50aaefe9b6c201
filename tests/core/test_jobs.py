import dataclasses
import json
import os
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psutil
import pytest
from flask import Flask

from app.accounts.models import Branch
from app.config import Settings, current_settings
from app.core.db import db
from app.core.jobs import (
    DailyAt,
    Every,
    enqueue,
    job_queue,
    redis_connection,
    run_inline,
    run_somewhere,
    workers_listening,
)
from app.core.runtime.schedule import Schedule
from app.core.runtime.worker import make_worker
from tests.conftest import Kept, application, sweep_database
from tests.core.sample_jobs import (
    hang_the_first_time,
    open_branch,
    open_branch_through_another_job,
    spoil_branch_and_fail,
    sweep_branches,
)
from tests.factories import create_branch
from tests.processes import Started, start_flask
from tests.waiting import wait_until

NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def connected_app(session_app: Flask, settings: Settings, kept: Kept, valkey: str) -> Flask:
    with_redis = dataclasses.replace(settings, redis_url=valkey, embedded_redis=False)
    return kept.once("connected", settings.database_url, lambda: application(with_redis))


@pytest.fixture
def queue_app(connected_app: Flask) -> Iterator[Flask]:
    """The application of the tests, with a real and empty Redis."""
    with connected_app.app_context():
        redis_connection().flushall()
        yield connected_app
        db.session.remove()
        sweep_database()


@contextmanager
def worker_process() -> Iterator[Started]:
    """A `flask worker` of its own on the running application's settings."""
    settings = current_settings()
    environment = os.environ | {
        "JINNUO_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
    }
    process = start_flask("worker", environment=environment)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=120)


def name_of(branch_id: int) -> str:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Branch, branch_id).name


def new_branch() -> int:
    branch = create_branch()
    db.session.commit()
    return branch.id


def work_off() -> None:
    """Let a worker run everything that waits, in forked children, and stop."""
    make_worker().work(burst=True, logging_level="WARNING")


def test_a_job_is_on_the_queue_only_after_the_commit(queue_app: Flask) -> None:
    branch = create_branch()
    enqueue(open_branch, branch.id)
    db.session.flush()
    assert job_queue().count == 0
    db.session.commit()
    assert job_queue().count == 1


def test_a_rolled_back_transaction_asks_for_nothing(queue_app: Flask) -> None:
    branch = new_branch()
    enqueue(open_branch, branch)
    db.session.rollback()
    db.session.commit()
    assert job_queue().count == 0


def test_a_rolled_back_savepoint_forgets_only_its_own_wishes(queue_app: Flask) -> None:
    kept, released, dropped = new_branch(), new_branch(), new_branch()
    enqueue(open_branch, kept)
    with db.session.begin_nested():
        with db.session.begin_nested():
            enqueue(open_branch, released)
        savepoint = db.session.begin_nested()
        enqueue(open_branch, dropped)
        savepoint.rollback()
    assert job_queue().count == 0
    db.session.commit()
    assert sorted(job.args[0] for job in job_queue().jobs) == sorted([kept, released])


def test_a_released_savepoint_inside_a_rolled_back_one_asks_for_nothing(queue_app: Flask) -> None:
    branch = new_branch()
    outer = db.session.begin_nested()
    with db.session.begin_nested():
        enqueue(open_branch, branch)
    outer.rollback()
    db.session.commit()
    assert job_queue().count == 0


def test_the_same_wish_twice_in_a_transaction_is_one_job(queue_app: Flask) -> None:
    branch = new_branch()
    enqueue(open_branch, branch)
    enqueue(open_branch, branch)
    db.session.commit()
    assert job_queue().count == 1


def test_a_plain_function_and_an_object_are_refused(queue_app: Flask) -> None:
    def plain(branch_id: int) -> None: ...

    with pytest.raises(TypeError, match="is not a job"):
        enqueue(plain, 1)
    with pytest.raises(TypeError, match="takes ids"):
        enqueue(open_branch, create_branch())  # type: ignore[arg-type]


def test_a_worker_runs_the_job_in_a_child_and_commits(queue_app: Flask) -> None:
    branch = new_branch()
    enqueue(open_branch_through_another_job, branch)
    db.session.commit()
    work_off()
    assert name_of(branch) == "open"


def test_a_job_run_twice_leaves_the_same_state(queue_app: Flask) -> None:
    branch = new_branch()
    for _ in range(2):
        enqueue(open_branch, branch)
        db.session.commit()
    work_off()
    assert name_of(branch) == "open"
    assert job_queue().failed_job_registry.count == 0


def test_a_failing_job_is_retried_and_leaves_no_half_written_rows(queue_app: Flask) -> None:
    branch = new_branch()
    before = name_of(branch)
    enqueue(spoil_branch_and_fail, branch)
    db.session.commit()
    (waiting,) = job_queue().jobs
    work_off()
    waiting.refresh()  # type: ignore[no-untyped-call]
    assert waiting.retries_left == 0
    assert name_of(branch) == before
    assert job_queue().failed_job_registry.count == 1


def test_a_dead_redis_fails_no_commit(app: Flask) -> None:
    branch = create_branch()
    enqueue(open_branch, branch.id)
    db.session.commit()
    assert db.session.get(Branch, branch.id) is not None


def test_inline_jobs_run_when_the_block_ends(app: Flask) -> None:
    branch = new_branch()
    before = name_of(branch)
    with run_inline():
        enqueue(open_branch_through_another_job, branch)
        db.session.commit()
        assert name_of(branch) == before
    assert name_of(branch) == "open"


def test_an_inline_job_that_fails_says_so_and_rolls_back(app: Flask) -> None:
    branch = new_branch()
    before = name_of(branch)
    with pytest.raises(RuntimeError, match="after the write"), run_inline():
        enqueue(spoil_branch_and_fail, branch)
        db.session.commit()
    assert name_of(branch) == before


def test_a_command_does_the_work_itself_when_no_worker_listens(queue_app: Flask) -> None:
    branch = new_branch()
    with run_somewhere():
        enqueue(open_branch, branch)
        db.session.commit()
    assert job_queue().count == 0
    assert name_of(branch) == "open"


@pytest.mark.databases("sqlite")  # who listens is Redis's to know
def test_a_command_leaves_the_work_to_a_worker_that_listens_still_when_redis_is_emptied(
    queue_app: Flask,
) -> None:
    branch = new_branch()
    with worker_process():
        wait_until(workers_listening)
        redis_connection().flushall()
        assert not workers_listening()
        wait_until(workers_listening)
        with run_somewhere():
            enqueue(open_branch, branch)
            db.session.commit()
        wait_until(lambda: name_of(branch) == "open")


@pytest.mark.databases(
    "sqlite"
)  # whose heart stopped is known to Redis alone; tests/faults kills workers on both
def test_a_killed_workers_job_dies_with_it_and_is_run_by_another(queue_app: Flask) -> None:
    marker = current_settings().home / "first-run"
    marker.unlink(missing_ok=True)
    branch = new_branch()
    enqueue(hang_the_first_time, branch)
    db.session.commit()
    with worker_process() as first:
        wait_until(marker.exists)
        wait_until(marker.read_text)
        first.kill()
        wait_until(lambda: not psutil.pid_exists(int(marker.read_text())))
    with worker_process():
        wait_until(lambda: name_of(branch) == "open")


def test_of_two_schedulers_exactly_one_fires_each_slot(queue_app: Flask) -> None:
    entries = [Every(10, sweep_branches)]
    start = threading.Barrier(2)

    def run(fired: list[str]) -> None:
        with queue_app.app_context():
            schedule = Schedule(entries)
            start.wait()
            for second in range(100):
                fired += schedule.fire_due(NOON + timedelta(seconds=second))

    results: list[list[str]] = [[], []]
    threads = [threading.Thread(target=run, args=(result,)) for result in results]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results[0]) + len(results[1]) == 10
    assert job_queue().count == 10


def test_a_restarted_scheduler_does_not_fire_the_slot_again(queue_app: Flask) -> None:
    entries = [DailyAt("07:30", sweep_branches)]
    assert len(Schedule(entries).fire_due(NOON)) == 1
    assert Schedule(entries).fire_due(NOON + timedelta(hours=1)) == []
    assert len(Schedule(entries).fire_due(NOON + timedelta(days=1))) == 1


def test_a_daily_job_waits_for_its_local_hour_and_is_caught_up_later(queue_app: Flask) -> None:
    schedule = Schedule([DailyAt("07:30", sweep_branches)])
    seven_in_shanghai = datetime(2026, 3, 3, 23, 0, tzinfo=UTC)
    assert schedule.fire_due(seven_in_shanghai) == []
    assert schedule.fire_due(seven_in_shanghai + timedelta(hours=5)) == [
        "tests.core.sample_jobs.sweep_branches"
    ]


def test_a_scheduled_job_nobody_takes_dissolves(queue_app: Flask) -> None:
    Schedule([Every(5, sweep_branches)]).fire_due(NOON)
    (waiting,) = job_queue().jobs
    assert 0 < redis_connection().ttl(waiting.key) <= 5


def test_a_schedule_takes_only_jobs_and_real_times() -> None:
    with pytest.raises(TypeError, match="is not a job"):
        Every(5, lambda: None)
    with pytest.raises(ValueError, match="at least one second"):
        Every(0, sweep_branches)
    with pytest.raises(ValueError, match="hour must be"):
        DailyAt("25:00", sweep_branches)


def test_messages_on_the_queue_are_plain_json(queue_app: Flask) -> None:
    enqueue(open_branch, new_branch())
    db.session.commit()
    (waiting,) = job_queue().jobs
    message = json.loads(zlib.decompress(waiting.to_dict()["data"]))
    assert message[0] == "tests.core.sample_jobs.open_branch"
