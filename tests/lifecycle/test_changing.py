"""Changes of particulars: noted or discovered, proven by papers, registered in time, and taken back."""

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
from app.core.workflow.engine import transition
from app.employers.models import Contact, ContactRole, Employer, EmployerContact, Stage
from app.employers.people.services import forgetting, serving
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
    with pytest.raises(DomainError):  # whether it was handed in is a step, not a correction
        correct(change, News("滨河新名称有限公司", since, applied_on=since + timedelta(days=1)), chen)
    assert (state_of(change), change.applied_on) == (ChangeState.FOUND, None)
    with pytest.raises(DomainError):  # not handed in yet
        check_papers(change, {papers_for(ChangeKind.NAME)[0]: COMPLETE}, chen)
    with pytest.raises(DomainError):
        transition(CHANGING, change, "hand_in", chen, answers={"applied_on": since - timedelta(days=1)})
    transition(CHANGING, change, "hand_in", chen, answers={"applied_on": since + timedelta(days=2)})
    with pytest.raises(DomainError):  # it was handed in before that day
        correct(change, News("滨河新名称有限公司", since + timedelta(days=3)), chen)
    assert (change.changed_on, change.applied_on) == (since, since + timedelta(days=2))
    with pytest.raises(DomainError):  # neither papers nor document
        transition(CHANGING, change, "complete", chen)
    check_papers(change, dict.fromkeys(papers_for(ChangeKind.NAME), COMPLETE), chen)
    correct(change, News("滨河新名称有限公司", since, "01", PROOF), chen)
    assert change.applied_on == since + timedelta(days=2)
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


def registered(one: Employer, kind: ChangeKind, news: News, chen: User) -> RegisteredChange:
    change = note(one, kind, news, chen)
    check_papers(change, dict.fromkeys(papers_for(kind), COMPLETE), chen)
    transition(CHANGING, change, "complete", chen)
    return change


def presently(one: Employer) -> list[str]:
    return [r.contact.name for r in one.contacts if r.role is ContactRole.LEGAL_REP and r.until is None]


def test_each_kind_is_registered_and_taken_back_with_what_it_wrote(chen: User) -> None:
    one, day = employer(chen), today() - timedelta(days=5)
    lead = create_user(Role.MANAGER, branch=chen.branch)
    one.bank_code, one.bank_name = "102", "旧支行"
    old = Contact(name="旧法人")
    one.contacts.append(
        EmployerContact(contact=old, role=ContactRole.LEGAL_REP, since=day - timedelta(days=900))
    )
    db.session.flush()
    made = {
        kind: registered(one, kind, News(new, day, None, PROOF, day, bank), chen)
        for kind, new, bank in (
            (ChangeKind.NAME, "滨河新名称有限公司", None),
            (ChangeKind.LEGAL_REP, "新法人", None),
            (ChangeKind.BANK, "新支行", "105"),
        )
    }
    assert (one.name, presently(one), one.bank_code, one.bank_name) == (
        "滨河新名称有限公司", ["新法人"], "105", "新支行",
    )  # fmt: skip
    assert (made[ChangeKind.LEGAL_REP].old_value, made[ChangeKind.BANK].old_value[-3:]) == (
        "旧法人",
        "旧支行",
    )
    with pytest.raises(Forbidden):
        transition(CHANGING, made[ChangeKind.NAME], "take_back", chen, answers={"why": "弄错了"})
    for change in made.values():
        transition(CHANGING, change, "take_back", lead, answers={"why": "弄错了"})
        assert (state_of(change), change.completed_on, change.written) == (ChangeState.CHECKING, None, None)
    assert (one.name, one.former_names, presently(one)) == ("滨河旧名称有限公司", [], ["旧法人"])
    assert (one.bank_code, one.bank_name) == ("102", "旧支行")
    assert db.session.scalars(
        select(Task).where(Task.kind == "registered_change", Task.state == "open")
    ).all()
    again = made[ChangeKind.LEGAL_REP]
    transition(CHANGING, again, "complete", chen)
    forgetting.forget([old.id])
    assert (db.session.get_one(RegisteredChange, again.id).old_value, again.new_value) == ("—", "新法人")
    serving.end(next(r for r in one.contacts if r.until is None), today(), chen)
    with pytest.raises(DomainError):  # somebody touched it since
        transition(CHANGING, again, "take_back", lead, answers={"why": "弄错了"})
    transition(CHANGING, made[ChangeKind.NAME], "complete", chen)
    note(one, ChangeKind.NAME, News("滨河更新名称有限公司", today(), None, PROOF), chen)
    with pytest.raises(DomainError):  # a later one stands
        transition(CHANGING, made[ChangeKind.NAME], "take_back", lead, answers={"why": "弄错了"})


def test_the_screens_of_a_change_of_address_and_who_may_not(client: FlaskClient, chen: User) -> None:
    one, since = employer(chen), today() - timedelta(days=40)
    sign_in(client, chen)
    given = {"new_value": "新路2号", "changed_on": since.isoformat(), "document": PROOF}
    note_it = f"/changes/of/{one.id}?kind=address"
    posted = client.post(note_it, data={**given, "applied_on": since.isoformat()})
    address = posted.location
    assert posted.status_code == 303 and "逾期10天" in client.get(address).text.replace(" ", "")
    assert client.post(note_it, data=given).status_code == 409
    assert client.get(f"/changes/of/{one.id}?kind=nonsense").status_code == 404
    papers = {f"result_{code}": "complete" for code in papers_for(ChangeKind.ADDRESS)}
    assert client.post(f"{address}/papers", data=papers).status_code == 303
    number = int(address.rsplit("/", 1)[1])
    assert "滨河旧名称" in client.get("/changes?due_on.before_days_ago=0&state.in=checking").text
    assert client.post(f"/workflow/changing/{number}/complete", data={}).status_code == 302
    db.session.expire_all()
    assert db.session.get_one(Employer, one.id).address == "新路2号"
    assert "已登记" in client.get(address).text
    bank = {"new_value": "滨河支行", "bank_code": "105", "changed_on": since.isoformat(), "document": PROOF}
    assert client.post(f"/changes/of/{one.id}?kind=bank", data={**bank, "bank_code": ""}).status_code == 422
    other = client.post(f"/changes/of/{one.id}?kind=bank", data=bank).location
    assert "滨河支行" in client.get(f"{other}/correct").text
    sign_in(client, create_user(Role.MANAGER, branch=chen.branch))
    assert client.post(f"/workflow/changing/{number}/take_back", data={"why": "登记错了"}).status_code == 302
    db.session.expire_all()
    assert db.session.get_one(Employer, one.id).address == "旧路1号"
    sign_in(client, create_user(Role.ENFORCEMENT_OFFICER, branch=chen.branch))
    assert client.get(address).status_code == 200
    assert client.get(f"/changes/of/{one.id}").status_code == 403
    sign_in(client, create_user(Role.SPECIALIST, branch=create_branch()))
    assert [client.get(path).status_code for path in (address, f"/changes/of/{one.id}")] == [404, 404]
