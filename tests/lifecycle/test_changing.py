"""Changes of name and address: noted or discovered, proven by papers, registered in time."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import User
from app.core.clock import today
from app.core.db import db
from app.core.errors import Conflict, DomainError, Forbidden
from app.core.permissions import Role
from app.core.timeline import TimelineEntry
from app.core.workflow import transition
from app.employers.models import Employer, Stage
from app.lifecycle.changing.models import ChangeKind, ChangeState, RegisteredChange
from app.lifecycle.changing.policy import papers_for
from app.lifecycle.changing.services import News, check_papers, correct, note
from app.lifecycle.changing.workflow import CHANGING
from app.lifecycle.papers.models import CheckResult
from app.lifecycle.papers.policy import Finding
from app.tasks.models import Task, TaskState
from tests.factories import create_branch, create_employer, create_user, seed_codes, sign_in

pytestmark = pytest.mark.databases("sqlite")
COMPLETE = Finding(CheckResult.COMPLETE)
PROOF = "准予变更登记通知书〔2026〕第8号"


@pytest.fixture
def chen(app: Flask) -> User:
    seed_codes()
    return create_user(Role.SPECIALIST, branch=create_branch())


def employer(chen: User) -> Employer:
    return create_employer(
        chen.branch, name="滨河旧名称有限公司", employer_account_no="030100000077", stage=Stage.CONTRIBUTING,
        owner_id=chen.id, address="旧路1号",
    )  # fmt: skip


def state_of(change: RegisteredChange) -> ChangeState:
    return change.state


def test_a_discovered_change_of_name_is_handed_in_proven_and_then_on_record(chen: User) -> None:
    one, since = employer(chen), today() - timedelta(days=20)
    for wrong in (
        News("滨河旧名称有限公司", since),
        News("滨河新名称有限公司", today() + timedelta(days=1)),
        News("滨河新名称有限公司", since, applied_on=since - timedelta(days=1)),
    ):
        with pytest.raises(DomainError):
            note(one, ChangeKind.NAME, wrong, chen)
    change = note(one, ChangeKind.NAME, News("滨河新名称有限公司", since), chen)
    assert (state_of(change), change.due_on) == (ChangeState.FOUND, since + timedelta(days=30))
    task = db.session.scalars(select(Task).where(Task.kind == "registered_change")).one()
    assert task.owner_id == chen.id and task.due_on >= change.due_on and task.state is TaskState.OPEN
    with pytest.raises(Conflict):
        note(one, ChangeKind.NAME, News("滨河另一名称有限公司", since), chen)
    with pytest.raises(DomainError):  # not handed in yet
        check_papers(change, {papers_for(ChangeKind.NAME)[0]: COMPLETE}, chen)
    with pytest.raises(DomainError):
        transition(CHANGING, change, "hand_in", chen, answers={"applied_on": since - timedelta(days=1)})
    transition(CHANGING, change, "hand_in", chen, answers={"applied_on": since + timedelta(days=2)})
    with pytest.raises(DomainError):  # neither papers nor document
        transition(CHANGING, change, "complete", chen)
    check_papers(change, dict.fromkeys(papers_for(ChangeKind.NAME), COMPLETE), chen)
    correct(change, News("滨河新名称有限公司", since, "01", PROOF), chen)
    with pytest.raises(Forbidden):
        officer = create_user(Role.ENFORCEMENT_OFFICER, branch=chen.branch)
        transition(CHANGING, change, "complete", officer)
    transition(CHANGING, change, "complete", chen)
    (former,) = one.former_names
    assert (one.name, former.name) == ("滨河新名称有限公司", "滨河旧名称有限公司")
    assert (former.until, former.proof) == (since, PROOF)
    assert (state_of(change), change.completed_by_id) == (ChangeState.COMPLETED, chen.id)
    assert state_of_task(task) is TaskState.DONE
    told = db.session.scalars(select(TimelineEntry.kind).where(TimelineEntry.employer_id == one.id)).all()
    assert told.count("changing") >= 4 and "employer" in told
    with pytest.raises(DomainError):
        correct(change, News("滨河又一名称有限公司", since), chen)


def state_of_task(task: Task) -> TaskState:
    return task.state


def test_the_screens_of_a_change_of_address_and_who_may_not(client: FlaskClient, chen: User) -> None:
    one, since = employer(chen), today() - timedelta(days=40)
    sign_in(client, chen)
    given = {"kind": "address", "new_value": "新路2号", "changed_on": since.isoformat(), "document": PROOF}
    posted = client.post(f"/changes/of/{one.id}", data={**given, "applied_on": since.isoformat()})
    address = posted.location
    assert posted.status_code == 303 and "逾期10天" in client.get(address).text.replace(" ", "")
    assert client.post(f"/changes/of/{one.id}", data=given).status_code == 409
    papers = {f"result_{code}": "complete" for code in papers_for(ChangeKind.ADDRESS)}
    assert client.post(f"{address}/papers", data=papers).status_code == 303
    number = int(address.rsplit("/", 1)[1])
    assert "滨河旧名称" in client.get("/changes?due_on.before_days_ago=0&state.in=checking").text
    assert client.post(f"/workflow/changing/{number}/complete", data={}).status_code == 302
    db.session.expire_all()
    assert db.session.get_one(Employer, one.id).address == "新路2号"
    assert "已登记" in client.get(address).text
    sign_in(client, create_user(Role.ENFORCEMENT_OFFICER, branch=chen.branch))
    assert client.get(address).status_code == 200
    assert client.get(f"/changes/of/{one.id}").status_code == 403
    sign_in(client, create_user(Role.SPECIALIST, branch=create_branch()))
    assert [client.get(path).status_code for path in (address, f"/changes/of/{one.id}")] == [404, 404]
