"""The job worker: RQ's, with the application's context around each job and a short way back after a crash."""

import gc

from flask import Flask, current_app
from redis.client import Pipeline
from rq import Queue, Worker
from rq.job import Job
from rq.worker_registration import register
from sqlalchemy.orm import configure_mappers

from app.core.db import db
from app.core.jobs import connect_redis, job_queue
from app.core.runtime.lifeline import die_with_parent

#: RQ's defaults find a dead worker after ten minutes; these find it within half a minute.
INTERVAL_SECONDS = 5
DEQUEUE_SECONDS = 5
HEARTBEAT_GRACE_SECONDS = 15


class JobWorker(Worker):
    """Forks for every job; the child has the warm application and database connections of its own."""

    app: Flask
    log_result_lifespan = False
    max_connection_wait_time = 5.0

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """Run one job in the forked child; never returns."""
        # A child that outlived its killed worker would run beside the retry of its own job.
        die_with_parent(self.pid)
        # What the parent loaded is never garbage: collections look only at what the job itself makes.
        gc.freeze()
        with self.app.app_context():
            # The parent's connections belong to the parent: forget them without closing them.
            db.engine.dispose(close=False)
            super().main_work_horse(job, queue)

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Say that it lives and that it listens: RQ says the latter at birth alone, and Redis may lose it."""
        super().heartbeat(timeout, pipeline)
        register(self, pipeline)

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:
        """Seconds without a heartbeat after which another worker takes the job over."""
        return INTERVAL_SECONDS + HEARTBEAT_GRACE_SECONDS


def make_worker() -> JobWorker:
    """A worker of the running application on the one queue, not yet at work."""
    # RQ waits `worker_ttl - 15` seconds for a job and does its housekeeping only between two waits.
    connection = connect_redis(timeout_seconds=DEQUEUE_SECONDS + 10)
    worker = JobWorker(
        [job_queue(connection)],
        connection=connection,
        worker_ttl=DEQUEUE_SECONDS + 15,
        job_monitoring_interval=INTERVAL_SECONDS,
        maintenance_interval=INTERVAL_SECONDS,
        log_job_description=False,
        serializer="json",
    )
    # Once here instead of again in every child.
    configure_mappers()
    worker.app = current_app._get_current_object()  # type: ignore[attr-defined]
    return worker
