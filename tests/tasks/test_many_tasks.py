"""The same task for many employers, each with its own result, and taken back as one."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core.clock import today
from app.core.db import db
from app.core.listing.runs import ListRun, ListRunRow, RowState
from app.core.permissions import Role
from app.employers.models import Employer
from app.tasks.models import Task
from app.tasks.services import complete
from tests.factories import create_employer, create_user, sign_in


def create(client: FlaskClient, rows: list[Employer], who: str = "owners", days: int = 3) -> TestResponse:
    return client.post(
        "/employers",
        data={
            "do": "bulk:tasks",
            "ids": [one.id for one in rows],
            "confirmed": "1",
            "expected": str(len(rows)),
            "title": "核对联系人",
            "due_on": str(today() + timedelta(days=days)),
            "who": who,
        },
    )


def test_each_owner_gets_the_task_once_and_undo_takes_it_away_unless_it_was_worked_on(
    app: Flask, client: FlaskClient
) -> None:
    manager = create_user(Role.MANAGER)
    owner = create_user(branch=manager.branch)
    owned, free = create_employer(manager.branch, owner_id=owner.id), create_employer(manager.branch)
    sign_in(client, manager)
    create(client, [owned, free])
    tasks = {task.employer_id: task for task in db.session.scalars(select(Task))}
    assert {id_: task.owner_id for id_, task in tasks.items()} == {owned.id: owner.id, free.id: manager.id}

    create(client, [owned, free])
    assert db.session.scalars(select(ListRun.skipped).order_by(ListRun.id.desc())).first() == 2
    assert len(db.session.scalars(select(Task)).all()) == 2

    complete(tasks[owned.id], manager, "已核对")
    first = db.session.scalars(select(ListRun.id).order_by(ListRun.id)).first()
    client.post(f"/runs/{first}/undo")
    assert db.session.scalars(select(Task.employer_id)).all() == [owned.id]
    kept = db.session.scalars(select(ListRunRow).where(ListRunRow.state == RowState.KEPT)).one()
    assert kept.record_id == owned.id


@pytest.mark.parametrize(("who", "days"), [("owners", 3), ("me", -1)])
def test_a_specialist_gives_tasks_to_nobody_else_and_nobody_gives_them_late(
    app: Flask, client: FlaskClient, who: str, days: int
) -> None:
    specialist = create_user(Role.SPECIALIST)
    employer = create_employer(specialist.branch)
    sign_in(client, specialist)
    assert create(client, [employer], who, days).status_code == 200  # asked again
    assert db.session.scalars(select(Task)).all() == []
    create(client, [employer], "me")
    assert db.session.scalars(select(Task.owner_id)).all() == [specialist.id]
