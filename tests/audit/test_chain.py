import json
import threading

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.audit import queries, services
from app.audit.models import AuditEvent, anchor_path, unprotect
from app.config import Settings
from app.core.db import Intent, db, intending, writing
from tests.factories import create_branch
from tests.processes import start_script


def chain(length: int = 6) -> None:
    for number in range(length):
        services.record(f"Event {number}", details={"n": number})
        db.session.commit()


def attack(statement: str, **values: object) -> None:
    """What someone can do who holds the database file."""
    with db.engine.begin() as connection:
        unprotect(connection)
        connection.execute(text(statement), values)


def verify() -> queries.ChainReport:
    db.session.rollback()
    return queries.verify()


def test_an_untouched_chain_is_whole(app: Flask) -> None:
    assert verify() == queries.ChainReport(0)
    chain()
    assert verify() == queries.ChainReport(6)


COLUMNS = [c.name for c in AuditEvent.__table__.columns]


@pytest.mark.parametrize("column", [c for c in COLUMNS if c not in ("id", "actor_id", "at")])
def test_one_changed_byte_names_the_event(app: Flask, column: str) -> None:
    chain()
    value = f"'x' || substr({column}, 2)" if column.endswith("hash") else f"{column} || 'x'"
    attack(f"UPDATE audit_events SET {column} = {value} WHERE id = 4")  # noqa: S608
    report = verify()
    assert (report.broken, report.events) == (4, 3)


@pytest.mark.parametrize("change", ["actor_id = 99", "at = '2020-01-01 00:00:00.000000'"])
def test_a_changed_actor_or_time_names_the_event(app: Flask, change: str) -> None:
    chain()
    attack(f"UPDATE audit_events SET {change} WHERE id = 4")  # noqa: S608
    assert verify().broken == 4


def test_a_time_that_is_no_time_is_a_broken_event_not_a_crash(app: Flask, dialect: str) -> None:
    if dialect == "postgresql":
        pytest.skip("PostgreSQL stores times, never texts")
    chain()
    attack("UPDATE audit_events SET at = 'yesterday' WHERE id = 3")
    assert verify().broken == 3


def test_a_removed_event_shows(app: Flask) -> None:
    chain()
    attack("DELETE FROM audit_events WHERE id = 3")
    assert verify().broken == 4, "the event after the gap does not follow"


def test_a_removed_end_shows_by_the_anchor(app: Flask) -> None:
    chain()
    attack("DELETE FROM audit_events WHERE id >= 5")
    report = verify()
    assert (report.broken, report.reason) == (5, queries.CUT)


def test_a_chain_forged_anew_shows_by_the_anchor(app: Flask) -> None:
    chain()
    kept = anchor_path().read_text()
    attack("DELETE FROM audit_events")
    for number in range(6):
        services.record(f"Forged {number}")
        db.session.commit()
    anchor_path().write_text(kept)
    assert verify().broken == 6
    anchor_path().unlink()
    assert verify().whole, "without the anchor the forged chain holds together"


def test_the_command_says_whole_or_names_the_event_and_fails(app: Flask) -> None:
    chain()
    run = app.test_cli_runner()
    told = run.invoke(args=["audit", "verify"])
    assert (told.exit_code, told.output) == (0, "chain whole: 6 events\n")
    db.session.rollback()
    attack("UPDATE audit_events SET details = '{}' WHERE id = 2")
    told = run.invoke(args=["audit", "verify", "--json"])
    assert told.exit_code == 1
    assert json.loads(told.output)["broken"] == 2


def test_threads_that_write_at_once_make_one_exact_chain(app: Flask) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with app.app_context(), writing():
                for turn in range(10):
                    branch = create_branch(code=f"T{number}-{turn}")
                    db.session.commit()
                    branch.name = f"改名{turn}"
                    db.session.commit()
                    db.session.remove()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert verify() == queries.ChainReport(6 * 10 * 2)


WRITER = """
import os, sys
from app import create_app
from app.config import Settings
from app.audit import services
from app.core.db import db, writing
app = create_app(Settings.from_environment(os.environ))
with app.app_context(), writing():
    for turn in range(25):
        services.record(f"Event {turn}", details={"pid": os.getpid()})
        db.session.commit()
"""


def test_processes_that_write_at_once_make_one_exact_chain(app: Flask, settings: Settings) -> None:
    environment = {
        "JINNUO_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
        "PATH": "",
    }
    writers = [start_script(WRITER, environment=environment) for _number in range(4)]
    assert [writer.wait(timeout=250) for writer in writers] == [0, 0, 0, 0]
    with intending(Intent.READ):
        assert verify() == queries.ChainReport(100)
        pids = {e.facts["pid"] for e in db.session.scalars(select(AuditEvent))}
    assert len(pids) == 4
