"""Drives: one form starts them, each employer is somebody's task, counters lead to their rows."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import User
from app.core.clock import today
from app.core.criteria.trees import rule
from app.core.db import db
from app.core.errors import Conflict, DomainError, Forbidden
from app.core.features import current_features
from app.core.permissions import Role
from app.core.rules.workdays import add_working_days
from app.core.workflow.engine import transition
from app.employers.lists import count_employers
from app.employers.merging.queries import obstacles_to_moving
from app.employers.models import Employer, Stage
from app.employers.services import assign
from app.outreach.models import Visit, VisitKind
from app.outreach.talking.models import Script
from app.tasks.models import Task, TaskState
from app.tasks.services import cancel, complete
from app.tasks.services import reassign as pass_on
from campaigns.channels.worklist import queries
from campaigns.channels.worklist.models import Drive, DriveRow, PartnerNote, RowState
from campaigns.channels.worklist.policy import READY
from campaigns.channels.worklist.services import asking, starting, telling
from campaigns.channels.worklist.services.starting import Wish
from campaigns.channels.worklist.services.telling import Told
from campaigns.channels.worklist.workflow import DRIVE, ROW
from campaigns.notices.corrections.models import Correction
from campaigns.notices.corrections.workflow import CORRECTION
from tests.bench.pages import MOST_QUERIES, statements_of
from tests.factories import create_branch, create_contact, create_employer, create_user, sign_in

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
    return starting.start(wish(), manager)


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
    for address in (place, f"/drives/rows/{row.id}", "/drives"):
        assert len(statements_of(app, client, address)) <= MOST_QUERIES
    changed = {"name": "封存核实第二轮", "script_id": "0", "ends_on": today().isoformat()}
    assert client.post(f"{place}/edit", data=changed).status_code == 303
    assert client.post(f"{place}/edit", data=changed | {"ends_on": "2020-01-01"}).status_code != 303
    told = {"outcome": "part", "action": "call", "contact_id": "0", "done": "5", "note": "先办五人"}
    early = {"outcome": "settled", "action": "call", "contact_id": "0", "note": "财务已全部核对完毕"}
    refused = client.post(f"/drives/rows/{row.id}/outcome", data=early)
    assert refused.status_code == 422 and "财务已全部核对完毕" in refused.text
    assert "还有14项未办结" in refused.text
    assert client.post(f"/drives/rows/{row.id}/outcome", data=told).status_code == 303
    assert employer.name in client.get(f"{place}?settled.ge=1").text
    assert employer.name not in client.get(f"{place}?state.in=done").text
    assert client.get("/drives").text.count("封存核实第二轮") == 1


def test_employers_of_another_drive_are_asked_about_before_they_get_a_second_task(
    client: FlaskClient, drive: Drive, row: DriveRow, manager: User, chen: User
) -> None:
    create_employer(chen.branch, owner_id=chen.id, stage=Stage.CONTRIBUTING, sealed_heads=3)
    db.session.commit()
    sign_in(client, manager)
    form = {
        "name": drive.name, "audience": "proposed", "action": "call", "script_id": "0", "days": "10",
        "ends_on": drive.ends_on.isoformat(), "outcomes": ["settled"], "purpose": "第二轮核实的目的",
    }  # fmt: skip
    place = "/drives/start/sealed_check"
    same = client.post(place, data=form)
    assert same.status_code == 422 and "已有同名" in same.text and "第二轮核实的目的" in same.text
    form["name"] = "第二轮"
    asked = client.post(place, data=form)
    assert asked.status_code == 422 and f"“{drive.name}”：1家" in asked.text and 'name="also"' in asked.text
    assert db.session.query(Drive).count() == 1
    second = client.post(place, data=form | {"also": "0"}).location
    late = client.post(f"{second}/edit", data=form | {"ends_on": "2020-01-01"})
    assert late.status_code == 422 and "第二轮核实的目的" in late.text
    waits = client.post(f"{second}/take-in", follow_redirects=True).text
    assert "另有1家符合条件" in waits and row.employer.name not in waits
    taken = db.session.scalars(select(Drive).where(Drive.name == "第二轮")).one()
    with pytest.raises(Conflict):
        starting.add(taken, row.employer, manager)
    starting.add(taken, row.employer, manager, also=True)
    db.session.commit()
    assert taken.name in client.get(f"/drives/rows/{row.id}").text
    for kind in ("account_cleanup", "transfer_reminder"):
        nobody = client.post(f"/drives/start/{kind}", data=form | {"name": kind, "audience": "proposed"})
        assert nobody.status_code == 422  # nobody fits, or there is no such choice
    empty = starting.start(wish(kind="own", name="空的", tree=None), manager)
    with pytest.raises(DomainError):
        transition(DRIVE, empty, "finish", manager)


def test_whoever_works_on_a_drive_has_the_number_to_dial_and_writes_none_into_notes(
    client: FlaskClient, row: DriveRow, chen: User, employer: Employer
) -> None:
    handler = create_contact(employer, mobile="13800138000")
    handler.landline = "022-66271234-801"
    db.session.commit()
    sign_in(client, chen)
    page = client.get(f"/drives/rows/{row.id}").text
    assert "138****8000" in page and "13800138000" not in page
    reveal = f"/contacts/{handler.id}/reveal"
    assert reveal in page
    shown = client.post(reveal, data={"reason": "contact"})
    assert 'href="tel:13800138000"' in shown.text and 'href="tel:02266271234,801"' in shown.text
    note = {"agency": "bank", "said_on": today().isoformat(), "note": "请致电 138 0013 8000 王某"}
    refused = client.post(f"/drives/rows/{row.id}/notes", data=note)
    assert refused.status_code == 422 and "138 0013 8000" in refused.text
    assert db.session.query(PartnerNote).count() == 0
    note["note"] = "社保中心电话022-66271234，编号2026112300012"
    assert client.post(f"/drives/rows/{row.id}/notes", data=note).status_code == 303


def test_an_outcome_is_a_call_on_the_story_and_opens_what_it_asks_for(
    row: DriveRow, chen: User, employer: Employer
) -> None:
    task = open_task()
    assert (task.owner_id, task.employer_id) == (chen.id, employer.id)
    assert task.due_on == row.due_on == add_working_days(today(), 10, provisional=True)
    with pytest.raises(
        DomainError
    ):  # a task of a drive is closed by what came of it, so the two say the same
        complete(task, chen, "好了")
    with pytest.raises(DomainError):
        cancel(task, chen, "不用了")
    telling.tell(row, Told("not_reached", CALL), chen)
    assert open_task().due_on == add_working_days(today(), 2, provisional=True)
    telling.tell(row, Told("visit", CALL, "名单较长", next_on=today() + timedelta(days=3)), chen)
    visit = open_task()
    assert visit.title == "Visit the employer: %(drive)s"
    assert visit.due_on == today() + timedelta(days=3)
    for wrong in (Told("settled", CALL), Told("part", CALL, done=15), Told("sold", CALL)):
        with pytest.raises(DomainError):
            telling.tell(row, wrong, chen)
    assert (row.tries, row.settled, db.session.query(Visit).count()) == (2, 0, 2)
    telling.tell(row, Told("settled", VisitKind.VISIT, "全部办结", done=14), chen)
    db.session.refresh(row)
    assert (row.state, row.settled, row.matters) == (RowState.DONE, 14, 14)
    assert db.session.query(Task).filter_by(state=TaskState.OPEN).count() == 0
    tried, untried = f"{row.drive_id}:settled", f"{row.drive_id}:"
    assert count_employers({"match": "all", "rules": [rule("drive_outcome", "in", [tried])]}, chen) == 1
    assert count_employers({"match": "all", "rules": [rule("drive_outcome", "in", [untried])]}, chen) == 0


def test_another_number_is_proposed_for_checking_and_changes_nothing_by_itself(
    client: FlaskClient, row: DriveRow, chen: User, employer: Employer
) -> None:
    handler = create_contact(employer, mobile="13800138000")
    known, new = handler.id, "13900139000"
    for wrong in (
        Told("number", CALL),
        Told("number", CALL, mobile=new),
        Told("number", CALL, contact_id=known),
    ):
        with pytest.raises(DomainError):
            telling.tell(row, wrong, chen)
    for number in ("123", "13800138000"):
        with pytest.raises(DomainError):
            telling.tell(row, Told("number", CALL, contact_id=known, mobile=number), chen)
    assert (db.session.query(Visit).count(), row.tries) == (0, 0)
    telling.tell(row, Told("number", CALL, contact_id=known, mobile=new), chen)
    proposed = db.session.scalars(select(Correction)).one()
    assert (proposed.contact_id, proposed.mobile, proposed.wanted) == (known, new, "139****9000")
    assert handler.mobile == "13800138000"
    kinds = db.session.scalars(
        select(Task.kind).where(Task.state == TaskState.OPEN).order_by(Task.kind)
    ).all()
    assert kinds == ["correction", "drive"]
    task, correction_id = open_task().id, proposed.id
    db.session.commit()
    sign_in(client, chen)
    assert f"/drives/rows/{row.id}" in client.get(f"/tasks/{task}").text
    assert row.drive.name in client.get(f"/corrections/{correction_id}").text
    transition(CORRECTION, proposed, "approve", chen, answers={"checked": "电话核实"})
    assert handler.mobile == new


def test_rows_and_drives_are_given_up_and_reopened_with_reasons_and_end_only_when_all_is_done(
    row: DriveRow, drive: Drive, chen: User, manager: User
) -> None:
    with pytest.raises(DomainError):
        transition(DRIVE, drive, "finish", manager)
    with pytest.raises(Forbidden):
        transition(DRIVE, drive, "give_up", chen, answers={"reason": "不做了"})
    with pytest.raises(DomainError):
        transition(ROW, row, "give_up", chen)
    transition(ROW, row, "give_up", chen, answers={"reason": "单位已注销"})
    with pytest.raises(DomainError):
        telling.tell(row, Told("nothing", CALL), chen)
    transition(DRIVE, drive, "finish", manager)
    with pytest.raises(DomainError):
        transition(ROW, row, "reopen", chen, answers={"reason": "又找到了"})
    transition(DRIVE, drive, "reopen", manager, answers={"reason": "尚有遗漏"})
    transition(ROW, row, "reopen", chen, answers={"reason": "又找到了"})
    assert open_task().owner_id == chen.id
    waits = {"match": "all", "rules": [rule("drive_open", "yes")]}
    carried = current_features().matters["drive_rows"].of([chen.id], DriveRow.id)
    assert (count_employers(waits, chen), len(db.session.scalars(carried).all())) == (1, 1)
    transition(DRIVE, drive, "give_up", manager, answers={"reason": "并入下一轮"})
    assert (count_employers(waits, chen), len(db.session.scalars(carried).all())) == (0, 0)
    leaver = create_user(Role.SPECIALIST, branch=chen.branch, active=False)
    row.owner_id = leaver.id
    db.session.flush()
    db.session.refresh(row)
    transition(DRIVE, drive, "reopen", manager, answers={"reason": "接着做"})
    assert (row.owner_id, open_task().owner_id) == (chen.id, chen.id)
    transition(DRIVE, drive, "give_up", manager, answers={"reason": "并入下一轮"})
    assert db.session.query(Task).filter_by(state=TaskState.OPEN).count() == 0
    with pytest.raises(DomainError):
        starting.take_in(drive, manager)


def test_a_row_goes_with_its_task_only_to_a_colleague_of_the_branch_who_may_do_it(
    row: DriveRow, chen: User, manager: User
) -> None:
    liu = create_user(Role.SPECIALIST, branch=chen.branch)
    stranger = create_user(Role.SPECIALIST, branch=create_branch())
    with pytest.raises(DomainError):
        asking.reassign(row, stranger, manager)
    with pytest.raises(Forbidden):
        asking.reassign(row, liu, chen)
    officer = create_user(Role.ENFORCEMENT_OFFICER, branch=chen.branch)
    assert officer.id not in dict(queries.colleagues(manager))
    with pytest.raises(DomainError):
        asking.reassign(row, officer, manager)  # who could not record what came of it
    asking.reassign(row, liu, manager)
    assert (row.owner_id, open_task().owner_id) == (liu.id, liu.id)
    assert dict(queries.colleagues(manager)).keys() >= {manager.id, chen.id, liu.id}
    pass_on(open_task(), chen, liu)  # and the row with its task
    assert row.owner_id == chen.id
    assign(row.employer, liu, None, manager)
    assert (row.owner_id, open_task().owner_id) == (liu.id, liu.id)
    asking.reassign(row, chen, manager)
    assign(row.employer, create_user(Role.SPECIALIST, branch=chen.branch), None, manager)
    assert (row.owner_id, open_task().owner_id) == (chen.id, chen.id)
    assert starting.take_in(row.drive, manager).new == 0
    with pytest.raises(DomainError):
        starting.add(row.drive, row.employer, manager)
    assert list(db.session.scalars(queries.listed(stranger))) == []
    assert db.session.query(Script).count() == 1


def test_an_employer_still_to_be_done_in_a_drive_is_not_merged_into_another_of_that_drive(
    employer: Employer, manager: User
) -> None:
    twin = create_employer(employer.branch, stage=Stage.CONTRIBUTING, sealed_heads=3)
    drive = starting.start(wish(), manager)
    assert [drive.name in str(one) for one in obstacles_to_moving(employer.id, twin.id)] == [True]

    its_row = db.session.scalars(select(DriveRow).where(DriveRow.employer_id == twin.id)).one()
    transition(ROW, its_row, "give_up", manager, answers={"reason": "重复登记"})
    assert obstacles_to_moving(employer.id, twin.id) == []
