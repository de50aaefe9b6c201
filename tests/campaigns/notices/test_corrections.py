"""What a reader says is wrong: a proposal that changes nothing until somebody approves it."""

import html
import secrets
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import User
from app.audit.models import AuditEvent
from app.core.clock import today
from app.core.db import db
from app.core.errors import Conflict, DomainError, Forbidden, NotFound
from app.core.permissions import Role
from app.core.timeline import TimelineEntry
from app.core.workflow.engine import transition
from app.employers.models import FormerName
from app.employers.people.services import forgetting
from app.employers.services import edit_employer, version_of
from app.employers.sources.policy import HANDLER
from app.tasks.models import Task, TaskState
from campaigns.ledger.models import Message, MessageState
from campaigns.ledger.services.settling import settle
from campaigns.ledger.workflow import move
from campaigns.notices import queries, services
from campaigns.notices.corrections.models import Correction, CorrectionState, Subject
from campaigns.notices.corrections.services import Proposal, propose
from campaigns.notices.corrections.workflow import CORRECTION, find
from campaigns.notices.queries import Notice, Source, Way
from campaigns.notices.services import Wanted
from tests.campaigns.launched import launched_campaign
from tests.factories import create_branch, create_contact, create_employer, create_user, sign_in

pytestmark = pytest.mark.databases("sqlite")
DIGITS, NEW = "4321", "13900007777"


@pytest.fixture
def owner(app: Flask) -> User:
    return create_user(Role.SPECIALIST, branch=create_branch(name="滨海管理部"), name="李静")


@pytest.fixture
def message(owner: User) -> Message:
    """To the handler of one employer."""
    employer = create_employer(owner.branch, name="滨海甲公司", address="港区路1号", owner_id=owner.id)
    create_contact(employer, name="王小明", mobile=f"1380000{DIGITS}")
    campaign = launched_campaign(create_user(Role.MANAGER, branch=owner.branch))
    db.session.execute(move(MessageState.CLAIMED, Message.campaign_id == campaign.id))
    settle(MessageState.DELIVERED, Message.campaign_id == campaign.id)
    db.session.commit()
    db.session.expire_all()
    return db.session.scalars(select(Message)).one()


@pytest.fixture
def notice(message: Message) -> Notice:
    found = queries.find(Source.MESSAGE, message.token or "")
    assert found is not None
    return found


def proposed(notice: Notice, subject: Subject, wanted: str) -> Correction:
    employer_id = notice.about[0].employer_id
    return propose(notice, Way.MOBILE, Proposal(subject, wanted, employer_id, today() - timedelta(days=3)))


def approved(correction: Correction, owner: User, **answers: str) -> None:
    transition(CORRECTION, correction, "approve", owner, answers={"checked": "电话核实", **answers})


def test_from_the_page_to_the_worklist_to_the_record(
    app: Flask, client: FlaskClient, message: Message, owner: User
) -> None:
    link = f"/n/{message.token}"
    data = {"subject": "mobile", "wanted": "139 0000 7777", "employer_id": str(message.employer_id)}
    client.post(f"{link}/correct", data=data)  # the digits were not given
    client.post(f"/n/{secrets.token_urlsafe(12)}/correct", data=data)
    assert db.session.scalars(select(Correction)).all() == []
    client.post(link, data={"digits": DIGITS})
    refused = client.post(f"{link}/correct", data=data | {"wanted": "12345"})
    assert refused.status_code == 422
    assert "11位" in html.unescape(refused.text)
    assert client.post(f"{link}/correct", data=data | {"employer_id": "99999"}).status_code == 422
    assert client.post(f"{link}/correct", data=data).status_code == 303
    assert client.post(f"{link}/correct", data=data).status_code == 422  # it is being checked
    correction = db.session.scalars(select(Correction)).one()
    assert message.contact is not None
    assert message.contact.mobile == f"1380000{DIGITS}"
    task = db.session.scalars(select(Task).where(Task.kind == "correction")).one()
    assert (task.owner_id, task.employer_id) == (owner.id, message.employer_id)
    entries = db.session.scalars(select(TimelineEntry).where(TimelineEntry.kind == "correction")).all()
    assert [NEW in str(one.params) for one in entries] == [False]

    office = app.test_client()
    sign_in(office, owner)
    listed = html.unescape(office.get("/corrections").text)
    assert "滨海甲公司" in listed
    assert NEW not in listed
    assert NEW not in office.get(f"/corrections/{correction.id}").text
    step = f"/workflow/correction/{correction.id}/approve"
    assert office.post(step, data={}).status_code == 422  # how was it checked?
    assert office.post(step, data={"checked": "电话核实"}).status_code == 302
    db.session.expire_all()
    assert (message.contact.mobile, message.contact.verified_on) == (NEW, None)
    assert correction.state is CorrectionState.APPROVED
    assert task.state is TaskState.DONE


def test_an_approved_name_and_address_are_the_handlers_word_and_the_old_name_stays(
    notice: Notice, message: Message, owner: User
) -> None:
    approved(proposed(notice, Subject.EMPLOYER_NAME, "滨海新甲公司"), owner)
    approved(proposed(notice, Subject.ADDRESS, "港区路2号"), owner)
    approved(proposed(notice, Subject.PERSON_NAME, "王晓明"), owner)
    employer = message.employer
    assert (employer.name, employer.address) == ("滨海新甲公司", "港区路2号")
    assert message.contact is not None
    assert message.contact.name == "王晓明"
    former = db.session.scalars(select(FormerName)).one()
    assert (former.name, former.until, former.proof) == (
        "滨海甲公司", today() - timedelta(days=3), "电话核实",
    )  # fmt: skip
    assert {field: told[0] for field, told in (employer.told or {}).items()} == {
        "name": HANDLER, "address": HANDLER,
    }  # fmt: skip


def test_what_changed_meanwhile_and_what_others_have_is_not_overwritten(
    notice: Notice, message: Message, owner: User
) -> None:
    address = proposed(notice, Subject.ADDRESS, "港区路2号")
    edit_employer(message.employer, {"address": "港区路3号"}, version_of(message.employer), owner)
    with pytest.raises(DomainError) as refused:
        approved(address, owner)
    assert "港区路3号" in str(refused.value.reasons)
    create_contact(create_employer(owner.branch, owner_id=owner.id), name="陈丽", mobile=NEW)
    number = proposed(notice, Subject.MOBILE, NEW)
    with pytest.raises(Conflict):
        approved(number, owner)
    db.session.rollback()
    assert message.contact is not None
    assert message.contact.mobile == f"1380000{DIGITS}"


def test_whoever_has_the_number_now_speaks_for_nobody_else(notice: Notice, message: Message) -> None:
    assert message.contact is not None
    message.contact.mobile = NEW  # the message went to the number before
    later = queries.find(Source.MESSAGE, message.token or "")
    assert later is not None and later.contact is None
    with pytest.raises(DomainError):
        proposed(later, Subject.PERSON_NAME, "王晓明")


def test_data_of_a_person_take_the_person_s_own_number_and_a_name_of_human_length(notice: Notice) -> None:
    employer_id = notice.about[0].employer_id
    with pytest.raises(DomainError):  # the account proves the employer, not the person
        propose(notice, Way.ACCOUNT, Proposal(Subject.PERSON_NAME, "王晓明", employer_id))
    with pytest.raises(DomainError):
        proposed(notice, Subject.PERSON_NAME, "王" * 200)
    assert db.session.scalars(select(Correction)).all() == []


def test_while_one_is_checked_nobody_learns_what_is_on_record(notice: Notice) -> None:
    proposed(notice, Subject.MOBILE, NEW)
    for tried in ("13900008888", f"1380000{DIGITS}"):
        with pytest.raises(Conflict):
            proposed(notice, Subject.MOBILE, tried)


def test_a_refusal_needs_a_reason_and_changes_nothing(notice: Notice, message: Message, owner: User) -> None:
    correction = proposed(notice, Subject.ADDRESS, "港区路2号")
    with pytest.raises(DomainError):
        transition(CORRECTION, correction, "refuse", owner)
    transition(CORRECTION, correction, "refuse", owner, answers={"reason": "与营业执照不符"})
    assert (message.employer.address, correction.reason) == ("港区路1号", "与营业执照不符")
    assert db.session.scalars(select(Task.state).where(Task.kind == "correction")).all() == [TaskState.DONE]
    with pytest.raises(DomainError):
        approved(correction, owner)


def test_its_task_leads_to_it_and_ends_with_the_decision_alone(
    notice: Notice, owner: User, client: FlaskClient
) -> None:
    correction = proposed(notice, Subject.ADDRESS, "港区路2号")
    task = db.session.scalars(select(Task)).one()
    db.session.commit()
    sign_in(client, owner)
    page = f"/corrections/{correction.id}"
    assert page in client.get(f"/tasks/{task.id}").get_data(as_text=True)
    client.post(f"/tasks/{task.id}/complete", data={"result": "好了"})
    assert db.session.get_one(Task, task.id).state is TaskState.OPEN


def test_other_roles_and_other_branches_decide_nothing(notice: Notice, owner: User) -> None:
    correction = proposed(notice, Subject.ADDRESS, "港区路2号")
    with pytest.raises(Forbidden):
        approved(correction, create_user(Role.ENFORCEMENT_OFFICER, branch=owner.branch))
    with pytest.raises(NotFound):
        find(correction.id, create_user(Role.MANAGER))


def test_whoever_is_forgotten_is_forgotten_in_corrections_too(notice: Notice, message: Message) -> None:
    """Also what was said to be right and never became so: on the timeline, in the task, not in the trail."""
    number = proposed(notice, Subject.MOBILE, NEW)
    named = Proposal(Subject.PERSON_NAME, "王晓明", notice.about[0].employer_id, note="我叫王晓明")
    propose(notice, Way.MOBILE, named)
    services.confirm(notice, Way.ACCOUNT)
    services.ask(notice, Wanted.CALL, "王小明下午有空")
    db.session.commit()
    events = db.session.query(AuditEvent).count()
    of_corrections = select(AuditEvent.changes).where(AuditEvent.subject_type == "notice_corrections")
    assert "晓明" not in " ".join(db.session.scalars(of_corrections).all())
    assert message.contact_id is not None
    forgetting.forget([message.contact_id])
    db.session.commit()
    db.session.expire_all()
    assert (number.mobile, number.before) == (None, "")
    stories = db.session.scalars(select(TimelineEntry)).all()
    tasks = db.session.scalars(select(Task)).all()
    told = [str(one.params) for one in stories] + [f"{one.title}{one.params}{one.note}" for one in tasks]
    assert {one.kind for one in stories} >= {"notice", "correction"}
    assert [one for one in told if "小明" in one or "晓明" in one or NEW[-4:] in one] == []
    asked = next(one for one in tasks if one.kind == "callback")
    assert (asked.params["name"], asked.note) == ("—", "—下午有空")
    assert db.session.query(AuditEvent).count() == events
