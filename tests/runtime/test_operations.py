import dataclasses
import json
import sqlite3
import stat
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import stamp
from sqlalchemy import select

from app import create_app
from app.accounts.models import Branch
from app.config import Settings
from app.core.db import db
from app.core.jobs import enqueue, redis_connection
from app.core.runtime.backup import BackupError, write_backup
from app.core.runtime.worker import make_worker
from tests.core.sample_jobs import spoil_branch_and_fail
from tests.factories import create_branch


@pytest.fixture
def served(tmp_path: Path, valkey: str) -> Iterator[Flask]:
    """An instance of its own with a database at the present migration and a real Redis."""
    app = create_app(Settings.from_environment({"JINNUO_HOME": str(tmp_path / "home"), "REDIS_URL": valkey}))
    with app.app_context():
        redis_connection().flushall()
        db.create_all()
        stamp()
        yield app
        db.session.remove()
        db.engine.dispose()


def test_it_is_ready_when_database_migrations_and_redis_are_well(served: Flask) -> None:
    answer = served.test_client().get("/readyz")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "ok")


def test_it_is_not_ready_on_a_database_of_another_version(served: Flask) -> None:
    with db.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32))")
        connection.exec_driver_sql("DELETE FROM alembic_version")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('of another version')")
    answer = served.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["checks"] == {"database": "ok", "migrations": "failed", "redis": "ok"}


def test_without_redis_it_lives_but_is_not_ready(tmp_path: Path) -> None:
    app = create_app(Settings.from_environment({"JINNUO_HOME": str(tmp_path)}))
    client = app.test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["checks"]["redis"] == "failed"


def test_the_status_of_the_jobs_counts_what_waits_and_names_what_failed(served: Flask) -> None:
    branch = create_branch()
    enqueue(spoil_branch_and_fail, branch.id)
    db.session.commit()
    runner = served.test_cli_runner()
    before = json.loads(runner.invoke(args=["jobs", "status", "--json"]).output)
    assert (before["waiting"], before["failed"], before["workers"]) == (1, 0, 0)
    make_worker().work(burst=True, logging_level="ERROR")
    after = json.loads(runner.invoke(args=["jobs", "status", "--json"]).output)
    assert (after["waiting"], after["failed"]) == (0, 1)
    assert after["failures"][0]["reason"] == "RuntimeError: after the write"
    assert "RuntimeError: after the write" in runner.invoke(args=["jobs", "status"]).output


def test_the_status_says_when_redis_does_not_answer(tmp_path: Path) -> None:
    app = create_app(Settings.from_environment({"JINNUO_HOME": str(tmp_path)}))
    result = app.test_cli_runner().invoke(args=["jobs", "status"])
    assert result.exit_code == 1
    assert "Redis does not answer" in result.output


def test_a_backup_of_a_running_instance_restores_to_the_same_rows_and_secret(
    served: Flask, settings_of: Settings, tmp_path: Path
) -> None:
    create_branch(name="before the backup")
    db.session.commit()
    create_branch(name="not committed")
    (settings_of.home / "uploads").mkdir()
    (settings_of.home / "uploads" / "list.xlsx").write_bytes(b"uploaded")
    target = tmp_path / "backup.tar.gz"
    result = served.test_cli_runner().invoke(args=["backup", str(target)])
    assert result.exit_code == 0, result.output
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    restored = tmp_path / "restored"
    with tarfile.open(target) as archive:
        assert archive.getnames()[:2] == ["audit.anchor", "jinnuo.db"], "the anchor is never the newer one"
        assert archive.getnames().count("audit.anchor") == 1
        archive.extractall(restored, filter="data")
    with closing(sqlite3.connect(restored / "jinnuo.db")) as database:
        names = [name for (name,) in database.execute(str(select(Branch.name)))]
    assert names == ["before the backup"]
    assert (restored / "uploads" / "list.xlsx").read_bytes() == b"uploaded"
    assert (restored / "secret_key").read_text(encoding="ascii") == settings_of.secret_key
    assert not (restored / "logs").exists()


@pytest.fixture
def settings_of(served: Flask) -> Settings:
    settings: Settings = served.extensions["jinnuo.settings"]
    settings.logs.mkdir()
    (settings.logs / "web.log").write_text("left out", encoding="ascii")
    return settings


def test_a_backup_replaces_no_file_and_leaves_nothing_behind_when_it_fails(
    settings_of: Settings, tmp_path: Path
) -> None:
    taken = tmp_path / "taken"
    taken.write_bytes(b"precious")
    with pytest.raises(BackupError, match="exists already"):
        write_backup(settings_of, taken)
    assert taken.read_bytes() == b"precious"
    broken = dataclasses.replace(settings_of, database_url=f"sqlite:///{tmp_path}/nowhere/jinnuo.db")
    with pytest.raises(BackupError, match="could not be written"):
        write_backup(broken, tmp_path / "backup.tar.gz")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "taken"]
