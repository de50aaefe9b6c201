"""Actions on many rows and long exports: carried out row by row, told, stopped, resumed and taken back."""

import io
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.accounts.models import User
from app.audit.models import AuditEvent
from app.core.clock import now, today
from app.core.db import db, writing
from app.core.jobs import run_inline
from app.core.listing import bulk as list_bulk
from app.core.listing import export as list_export
from app.core.listing import exporting as list_exporting
from app.core.listing import running as list_running
from app.core.listing.run_jobs import carry_on, sweep_exports, sweep_runs
from app.core.listing.runs import ListRun, ListRunRow, RowState, RunState, exports_folder
from app.core.permissions import Role, Scope
from app.core.timeline import TimelineEntry
from app.employers.models import Employer
from app.tasks.services import open_task
from tests.factories import create_branch, create_employer, create_user, sign_in

LIST = "/employers"


@pytest.fixture
def manager(app: Flask) -> User:
    return create_user(Role.MANAGER)


@pytest.fixture
def reader(manager: User, client: FlaskClient) -> FlaskClient:
    sign_in(client, manager)
    client.set_cookie("language", "en")
    return client


def assign_all(reader: FlaskClient, count: int, owner: User | None, query: str = "") -> TestResponse:
    form = {"do": "bulk:assign", "rows": "all", "confirmed": "1", "expected": str(count)}
    return reader.post(f"{LIST}{query}", data={**form, "owner_id": str(owner.id if owner else 0)})


def the_run() -> ListRun:
    return db.session.scalars(select(ListRun).order_by(ListRun.id.desc()).limit(1)).one()


def states() -> list[RowState]:
    return list(db.session.scalars(select(ListRunRow.state).order_by(ListRunRow.id)))


def test_a_short_action_is_done_at_once_kept_row_by_row_and_undone(
    reader: FlaskClient, manager: User
) -> None:
    before, after = (create_user(branch=manager.branch) for _ in range(2))
    one = create_employer(manager.branch, name="甲公司", owner_id=before.id)
    create_employer(manager.branch, name="乙公司", backup_owner_id=after.id)
    task = open_task("other", "回访", today(), employer=one)
    assert assign_all(reader, 2, after).location == LIST
    assert (one.owner_id, task.owner_id) == (after.id, after.id)
    run = the_run()
    assert (run.state, run.done, run.followed) == (RunState.DONE, 2, 1)
    assert f'href="/runs/{run.id}"' in reader.get(LIST).text  # the notice leads to the result
    page = reader.get(f"/runs/{run.id}").text
    assert f'<a href="/employers/{one.id}">甲公司</a>' in page
    assert "乙公司" in page
    assert f"<dd>{after.name}</dd>" in page  # who they were assigned to

    assert reader.post(f"/runs/{run.id}/undo").status_code == 303
    assert (one.owner_id, task.owner_id) == (before.id, before.id)
    other = db.session.scalars(select(Employer).where(Employer.name == "乙公司")).one()
    assert (other.owner_id, other.backup_owner_id) == (None, after.id)
    assert (the_run().state, the_run().undone, states()) == (RunState.UNDONE, 2, [RowState.UNDONE] * 2)
    told = select(TimelineEntry).where(TimelineEntry.employer_id == one.id).order_by(TimelineEntry.id)
    assert db.session.scalars(told).all()[-1].summary == list_running.TAKEN_BACK
    actions = db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert "Bulk action" in actions
    assert actions[-1] == "Bulk action taken back"
    assert reader.post(f"/runs/{run.id}/undo").status_code in {303, 409}  # a refusal shown on the way back
    assert one.owner_id == before.id


def test_a_row_that_was_changed_since_stays_and_says_so(reader: FlaskClient, manager: User) -> None:
    after, later = (create_user(branch=manager.branch) for _ in range(2))
    one, two = (create_employer(manager.branch) for _ in range(2))
    assign_all(reader, 2, after)
    one.owner_id = later.id
    reader.post(f"/runs/{the_run().id}/undo")
    assert (one.owner_id, two.owner_id) == (later.id, None)
    page = reader.get(f"/runs/{the_run().id}?rows=kept").text
    assert one.name in page
    assert "It was changed since." in page
    assert two.name not in page


def many(reader: FlaskClient, manager: User, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Employer], User]:
    """Five employers and a new owner; three rows a time, and two are already too many for a request."""
    monkeypatch.setattr(list_bulk, "AT_ONCE", 2)
    monkeypatch.setattr(list_running, "CHUNK", 3)
    return [create_employer(manager.branch) for _ in range(5)], create_user(branch=manager.branch)


def test_a_long_action_is_a_workers_who_takes_it_up_where_another_was_killed(
    reader: FlaskClient, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    employers, owner = many(reader, manager, monkeypatch)
    answer = assign_all(reader, 5, owner)
    run = the_run()
    assert answer.location == f"/runs/{run.id}"
    assert run.state is RunState.WAITING
    assert "HX-Refresh" not in reader.get(f"/runs/{run.id}/progress").headers
    with writing():  # one step, and the worker is gone
        list_running.go_on(run.id)
        db.session.commit()
    assert [one.owner_id for one in employers].count(owner.id) == 3
    db.session.execute(update(ListRun).values(updated_at=now() - timedelta(minutes=5)))
    db.session.commit()
    with run_inline():
        sweep_runs()
    db.session.expire_all()
    assert (the_run().state, the_run().done) == (RunState.DONE, 5)
    assert {one.owner_id for one in employers} == {owner.id}
    assert reader.get(f"/runs/{run.id}/progress").headers["HX-Refresh"] == "true"
    entries = db.session.scalars(select(TimelineEntry.employer_id)).all()
    assert len(entries) == len(set(entries)) == 5  # nothing was done twice
    carry_on(run.id)
    assert the_run().done == 5
    changes = select(AuditEvent.actor_id).where(
        AuditEvent.subject_type == "employers", AuditEvent.changes.contains("owner_id")
    )
    assert set(db.session.scalars(changes).all()) == {manager.id}


def test_what_is_stopped_stays_as_far_as_it_was_and_can_be_undone(
    reader: FlaskClient, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    employers, owner = many(reader, manager, monkeypatch)
    assign_all(reader, 5, owner)
    run = the_run()
    with writing():
        list_running.go_on(run.id)
        db.session.commit()
    assert reader.post(f"/runs/{run.id}/stop").status_code == 303
    carry_on(run.id)
    db.session.expire_all()
    assert (the_run().state, states().count(RowState.WAITING)) == (RunState.STOPPED, 2)
    reader.post(f"/runs/{run.id}/undo")
    assert {one.owner_id for one in employers} == {None}


def test_rows_that_left_ones_reach_and_rights_that_were_lost_are_refused(
    reader: FlaskClient, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    employers, owner = many(reader, manager, monkeypatch)
    assign_all(reader, 5, owner)
    employers[0].branch_id = create_branch().id
    db.session.commit()
    carry_on(the_run().id)
    db.session.expire_all()
    assert (the_run().done, the_run().skipped) == (4, 1)
    assert employers[0].owner_id is None

    assign_all(reader, 4, None)
    for held in manager.roles:
        held.role = Role.SPECIALIST
    db.session.commit()
    carry_on(the_run().id)
    db.session.expire_all()
    assert the_run().state is RunState.FAILED
    assert "Your role does not allow this" in reader.get(f"/runs/{the_run().id}").text
    assert employers[1].owner_id == owner.id


def test_results_are_their_owners_alone(app: Flask, client: FlaskClient, manager: User) -> None:
    create_employer(manager.branch)
    sign_in(client, manager)
    assign_all(client, 1, None)
    run_id = the_run().id
    assert client.get("/runs").status_code == 200
    sign_in(client, create_user(Role.BRANCH_HEAD, branch=manager.branch, scope=Scope.ALL))
    assert client.get(f"/runs/{run_id}").status_code == 404
    assert client.post(f"/runs/{run_id}/undo").status_code == 404


def export(reader: FlaskClient, monkeypatch: pytest.MonkeyPatch, **form: Any) -> ListRun:
    monkeypatch.setattr(list_export, "AT_ONCE", 1)
    answer = reader.post(f"{LIST}?heads.ge=10&sort=heads", data={"do": "export", "columns": "shown", **form})
    assert answer.location == f"/runs/{the_run().id}"
    return the_run()


def test_a_long_export_is_written_by_a_worker_and_fetched_by_its_owner(
    reader: FlaskClient, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for heads in (2, 12, 11):
        create_employer(manager.branch, name=f"{heads}人公司", heads=heads)
    create_employer(name="别处", heads=99)
    run = export(reader, monkeypatch)
    run.file.unlink(missing_ok=True)
    assert reader.get(f"/runs/{run.id}/file").status_code == 404
    monkeypatch.setattr(list_exporting, "TELL_ROWS", 1)  # told beside the reading transaction, row by row
    carry_on(run.id)
    db.session.expire_all()
    assert (the_run().state, the_run().total, run.file.stat().st_mode & 0o777) == (RunState.DONE, 2, 0o600)
    response = reader.get(f"/runs/{run.id}/file")
    sheet = load_workbook(io.BytesIO(response.data)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:2] == ("Employer name", "Stage")
    assert [row[0] for row in rows[1:]] == ["11人公司", "12人公司"]
    actions = db.session.scalars(select(AuditEvent.action)).all()
    assert {"List exported", "Export fetched"} <= set(actions)

    manager.scope = Scope.OWN
    assert reader.get(f"/runs/{run.id}/file").status_code == 403
    manager.scope = Scope.BRANCH
    for held in manager.roles:
        held.role = Role.BANK_PARTNER
    assert reader.get(f"/runs/{run.id}/file").status_code == 403


def test_an_export_can_be_stopped_and_its_file_goes_after_some_days(
    reader: FlaskClient, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        create_employer(manager.branch, heads=10)
    run = export(reader, monkeypatch)
    run.file.unlink(missing_ok=True)  # of an earlier test's run of the same number
    reader.post(f"/runs/{run.id}/stop")
    carry_on(run.id)
    db.session.expire_all()
    assert (the_run().state, run.file.exists()) == (RunState.STOPPED, False)

    monkeypatch.setattr(list_exporting, "TELL_ROWS", 1)
    tell = list_exporting._progress

    def stopped_meanwhile(run_id: int, count: int) -> None:
        if count == 2:
            with writing(), Session(db.engine) as other:
                other.execute(update(ListRun).values(state=RunState.STOPPING))
                other.commit()
        tell(run_id, count)

    with monkeypatch.context() as patched:
        patched.setattr(list_exporting, "_progress", stopped_meanwhile)
        run = export(reader, monkeypatch)
        carry_on(run.id)
    db.session.expire_all()
    assert (the_run().state, the_run().done, list(exports_folder().glob("draft-*"))) == (
        RunState.STOPPED,
        2,
        [],
    )

    run = export(reader, monkeypatch)
    carry_on(run.id)
    assert run.file.exists()
    db.session.execute(update(ListRun).values(finished_at=now() - timedelta(days=8)))
    db.session.commit()
    sweep_exports()
    db.session.expire_all()
    assert (the_run().state, run.file.exists()) == (RunState.EXPIRED, False)
    assert reader.get(f"/runs/{run.id}/file").status_code == 404
