"""A worker that is killed while it applies a large file: the next one goes on, and nothing is doubled."""

from pathlib import Path
from random import Random

from flask import Flask

from app.core.db import db
from tests.conftest import sweep_database
from tests.factories import create_branch
from tests.faults.killed_worker import found, progress, receive, run

ROWS = 4_500


def two_months(app: Flask, folder: Path, kills: int) -> tuple[dict[str, object], int]:
    """The first month makes every employer; the next, while which workers die, finds them all."""
    create_branch("00")
    db.session.commit()
    run(app, receive(folder, ROWS, 9), 0, Random(1))
    died = run(app, receive(folder, ROWS, 10), kills, Random(1))
    assert [progress(batch_id) for batch_id in (1, 2)] == [("applied", ROWS)] * 2
    return found(), died


def test_killed_workers_leave_what_an_undisturbed_one_leaves(app: Flask, tmp_path: Path) -> None:
    undisturbed, _none = two_months(app, tmp_path, 0)
    db.session.remove()
    sweep_database()
    disturbed, died = two_months(app, tmp_path, 1)
    assert died == 1, "the worker died while there was work left"
    assert {name for name in disturbed if undisturbed[name] != disturbed[name]} == set()
