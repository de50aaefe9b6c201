"""Drives: one form starts them, each employer is somebody's task, counters lead to their rows."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import User
from app.core.clock import today
from app.core.db import db
from app.core.permissions import Role
from app.employers.models import Employer, Stage
from app.outreach.models import VisitKind
from app.tasks.models import Task, TaskState
from campaigns.channels.worklist import services
from campaigns.channels.worklist.models import Drive, DriveRow
from campaigns.channels.worklist.policy import READY
from campaigns.channels.worklist.services import Wish
from tests.factories import create_branch, create_employer, create_user, sign_in

CALL = VisitKind.CALL
pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def manager(app: Flask) -> User:
    return create_user(Role.MANAGER, branch=create_branch(), name="王经理")


@pytest.fixture
def chen(manager: User) -> User:
    return create_user(Role.SPECIALIST, branch=manager.branch, name="陈静")


@pytest.fixture
def employer(chen: User) -> Employer:
    return create_employer(
        chen.branch, stage=Stage.CONTRIBUTING, owner_id=chen.id, sealed_heads=14, name="封存核实有限公司"
    )


def wish(**fields: object) -> Wish:
    kind = READY["sealed_check"]
    given = {
        "kind": kind.code, "name": "封存账户核实", "ends_on": today() + timedelta(days=90), "days": 10,
        "outcomes": kind.outcomes, "results": kind.results, "tree": kind.tree,
    }  # fmt: skip
    return Wish(**{**given, **fields})  # type: ignore[arg-type]


@pytest.fixture
def drive(employer: Employer, manager: User) -> Drive:
    create_employer(employer.branch, stage=Stage.CONTRIBUTING, sealed_heads=0)
    return services.start(wish(), manager)


@pytest.fixture
def row(drive: Drive) -> DriveRow:
    return db.session.scalars(select(DriveRow)).one()


def open_task() -> Task:
    return db.session.scalars(select(Task).where(Task.kind == "drive", Task.state == TaskState.OPEN)).one()


def test_a_manager_starts_a_ready_drive_with_one_form_and_every_number_leads_to_its_rows(
    app: Flask, client: FlaskClient, manager: User, employer: Employer
) -> None:
    db.session.commit()
    sign_in(client, manager)
    kind = READY["sealed_check"]
    assert kind.script in client.get("/drives/start/sealed_check").text
    assert client.get("/drives/start/base_adjustment").location == "/adjustment"
    form = {
        "name": "2026年封存账户核实", "audience": "proposed", "action": "call", "script_id": "0",
        "days": "10",
        "ends_on": (today() + timedelta(days=60)).isoformat(), "outcomes": ["settled", "part"],
        "results": ["reason_changed"],
    }  # fmt: skip
    assert client.post("/drives/start/sealed_check", data=form | {"outcomes": ["part"]}).status_code != 303
    place = client.post("/drives/start/sealed_check", data=form).location
    page = client.get(place).text
    assert "14" in page
    assert f"{place}?owner.in={employer.owner_id}&amp;settled.ge=1" in page
    row = db.session.scalars(select(DriveRow)).one()
    told = {"outcome": "part", "action": "call", "contact_id": "0", "done": "5", "note": "先办五人"}
    assert client.post(f"/drives/rows/{row.id}/outcome", data=told).status_code == 303
    assert employer.name in client.get(f"{place}?settled.ge=1").text
    assert employer.name not in client.get(f"{place}?state.in=done").text
    assert client.get("/drives").text.count("2026年封存账户核实") == 1
