"""Jobs that a real worker process can import while the tests watch what they leave behind."""

import os
import time

from app.accounts.models import Branch
from app.config import current_settings
from app.core.db import db
from app.core.jobs import enqueue, job


@job(timeout=30)
def open_branch(branch_id: int) -> None:
    """Idempotent: the second run finds nothing left to do."""
    db.session.get_one(Branch, branch_id).name = "open"


@job(timeout=30)
def open_branch_through_another_job(branch_id: int) -> None:
    enqueue(open_branch, branch_id)


@job(timeout=30)
def spoil_branch_and_fail(branch_id: int) -> None:
    db.session.get_one(Branch, branch_id).name = "spoilt"
    db.session.flush()
    raise RuntimeError("after the write")


@job(timeout=120)
def hang_the_first_time(branch_id: int) -> None:
    marker = current_settings().home / "first-run"
    if not marker.exists():
        marker.write_text(str(os.getpid()))
        time.sleep(100)
    db.session.get_one(Branch, branch_id).name = "open"


@job()
def sweep_branches() -> None:
    """A schedule entry's job."""
