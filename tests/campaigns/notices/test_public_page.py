"""The page a handler reaches from a message, and everything that must not get through it."""

import html
import re
import secrets
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import User
from app.audit.models import AuditEvent
from app.core.clock import now, today
from app.core.db import db
from app.core.permissions import Role
from app.core.rules.workdays import add_working_days
from app.core.timeline import TimelineEntry
from app.core.web.limits import limiter
from app.employers.models import VerifiedHow
from app.tasks.models import Task
from campaigns.channels.sms.models import OptOut
from campaigns.drafting.models import MessageClass
from campaigns.ledger.models import Message, MessageState
from campaigns.ledger.services.settling import settle
from campaigns.ledger.workflow import move
from campaigns.notices.policy import LINK_DAYS, LOCK_MINUTES, TRIES, TRUST
from campaigns.notices.services import ANSWERED, KIND, LOCKED, OPENED, READ
from tests.campaigns.launched import launched_campaign
from tests.factories import create_branch, create_contact, create_employer, create_user

DIGITS = "4321"


@pytest.fixture
def owner(app: Flask) -> User:
    return create_user(Role.SPECIALIST, branch=create_branch(name="滨海管理部"), name="李静")


@pytest.fixture
def message(owner: User) -> Message:
    """One person of two employers, whose message has arrived."""
    author = create_user(Role.MANAGER, branch=owner.branch)
    for name, months in (("滨海甲公司", 2), ("滨海乙公司", 5)):
        employer = create_employer(owner.branch, name=name, arrears_months=months, owner_id=owner.id)
        create_contact(employer, name="王小明", mobile=f"1380000{DIGITS}")
    campaign = launched_campaign(author)
    db.session.execute(move(MessageState.CLAIMED, Message.campaign_id == campaign.id))
    db.session.execute(move(MessageState.SUBMITTED, Message.campaign_id == campaign.id, submitted_at=now()))
    settle(MessageState.DELIVERED, Message.campaign_id == campaign.id)
    db.session.commit()
    db.session.expire_all()
    return db.session.scalars(select(Message).where(Message.state == MessageState.DELIVERED)).one()


@pytest.fixture
def link(message: Message) -> str:
    found = re.search(r"/n/[A-Za-z0-9_-]+", message.text)
    assert found, "the message carries no link"
    return found.group(0)


def opened(client: FlaskClient, link: str) -> str:
    client.post(link, data={"digits": DIGITS})
    return html.unescape(client.get(link).text)


def told_by(page: str) -> str:
    """The words of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2].partition("</main>")[0]).split())


def told() -> list[tuple[int, str]]:
    """What the reader did, after opening the notice."""
    query = select(TimelineEntry.employer_id, TimelineEntry.summary).where(
        TimelineEntry.kind == KIND, TimelineEntry.summary != OPENED
    )
    return [(employer_id, summary) for employer_id, summary in db.session.execute(query)]


@pytest.mark.databases("sqlite")
def test_the_link_says_nothing_until_the_digits_are_given(client: FlaskClient, link: str) -> None:
    page = client.get(link)
    assert page.status_code == 200
    for secret in ("滨海甲公司", "王小明", "欠缴", "1380000"):
        assert secret not in page.text
    assert page.headers["X-Robots-Tag"].startswith("noindex")
    assert 'name="robots" content="noindex' in page.text
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.databases("sqlite")
def test_looking_writes_nothing(client: FlaskClient, link: str, message: Message) -> None:
    for _again in range(3):
        client.get(link)
        client.head(link)
    assert db.session.get_one(Message, message.id).opened_at is None
    assert told() == []


def test_the_right_digits_open_the_notice_with_every_employer(client: FlaskClient, link: str) -> None:
    page = opened(client, link)
    assert "滨海甲公司" in page
    assert "滨海乙公司" in page
    assert "王小明您好" in page
    assert link not in re.sub(r'action="[^"]*"', "", page)


def test_confirming_is_recorded_once_on_the_timeline_of_each_employer(
    client: FlaskClient, link: str, message: Message
) -> None:
    opened(client, link)
    for _click in range(3):
        assert client.post(f"{link}/confirm").status_code == 303
    read = db.session.get_one(Message, message.id)
    assert read.opened_at is not None
    assert read.confirmed_at is not None
    assert len(told()) == 2
    assert len({employer_id for employer_id, _summary in told()}) == 2


def test_confirming_verifies_the_number_that_the_notice_was_sent_to(
    client: FlaskClient, link: str, message: Message
) -> None:
    opened(client, link)
    assert message.contact is not None
    assert message.contact.verified_on is None
    client.post(f"{link}/confirm")
    db.session.expire_all()
    contact = message.contact
    assert (contact.verified_on, contact.verified_how) == (today(), VerifiedHow.NOTICE)
    assert contact.verified_by_id is None


def test_confirming_proves_nothing_of_a_number_that_came_later(
    client: FlaskClient, link: str, message: Message
) -> None:
    opened(client, link)
    assert message.contact is not None
    message.contact.mobile = "13900009999"
    db.session.commit()
    client.post(f"{link}/confirm")
    db.session.expire_all()
    assert message.contact.verified_on is None


def test_asking_for_a_visit_makes_one_task_for_the_owner(
    client: FlaskClient, link: str, message: Message, owner: User
) -> None:
    opened(client, link)
    for _click in range(2):
        client.post(f"{link}/ask", data={"wanted": "visit_request", "note": "想了解缓缴"})
    task = db.session.scalars(select(Task).where(Task.kind == "visit_request")).one()
    assert task.owner_id == owner.id
    assert task.employer_id == message.employer_id
    assert task.due_on == add_working_days(today(), 2, provisional=True)
    assert task.note == "想了解缓缴"
    assert len(told()) == 2
    assert "asked" not in client.get(link).text
    assert db.session.get_one(Message, message.id).asked_at is not None


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("data", [{}, {"wanted": "money"}, {"wanted": "callback", "note": "字" * 201}])
def test_a_request_that_makes_no_sense_is_refused(
    client: FlaskClient, link: str, data: dict[str, str]
) -> None:
    opened(client, link)
    assert client.post(f"{link}/ask", data=data).status_code == 422
    assert db.session.scalars(select(Task)).all() == []


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("step", ["confirm", "ask"])
def test_nothing_can_be_done_without_the_digits(
    client: FlaskClient, link: str, message: Message, step: str
) -> None:
    client.post(f"{link}/{step}", data={"wanted": "visit_request"})
    untouched = db.session.get_one(Message, message.id)
    assert (untouched.confirmed_at, untouched.asked_at) == (None, None)
    assert told() == []
    assert db.session.scalars(select(Task)).all() == []


def test_too_many_wrong_digits_close_the_notice_even_for_the_right_ones(
    client: FlaskClient, link: str
) -> None:
    for _try in range(TRIES.usual - 1):
        assert client.post(link, data={"digits": "0000"}).status_code == 422
    assert client.post(link, data={"digits": "0000"}).status_code == 429
    assert client.post(link, data={"digits": DIGITS}).status_code == 429
    assert "滨海甲公司" not in client.get(link).text
    with time_machine.travel(now() + timedelta(minutes=LOCK_MINUTES.usual + 1)):
        assert "滨海甲公司" in opened(client, link)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("digits", ["", "12", "12345", "abcd", "4321; --"])
def test_what_is_no_four_digits_is_asked_for_again(client: FlaskClient, link: str, digits: str) -> None:
    assert client.post(link, data={"digits": digits}).status_code == 422


@pytest.mark.databases("sqlite")
def test_the_proof_holds_for_one_browser_and_a_while(app: Flask, client: FlaskClient, link: str) -> None:
    opened(client, link)
    stranger = app.test_client()
    assert "滨海甲公司" not in stranger.get(link).text
    with time_machine.travel(now() + TRUST + timedelta(minutes=1)):
        assert "滨海甲公司" not in client.get(link).text


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("token", ["x", "x" * 16, "../../etc/passwd", "%00" * 16, "x" * 4000, "字" * 16])
def test_a_forged_link_leads_nowhere_and_says_whom_to_call(
    client: FlaskClient, message: Message, method: str, token: str
) -> None:
    response = client.open(f"/n/{token}", method=method.upper(), data={"digits": DIGITS})
    assert response.status_code == 404


@pytest.mark.databases("sqlite")
def test_a_forged_link_gets_a_clear_page(client: FlaskClient, message: Message) -> None:
    page = client.get(f"/n/{secrets.token_urlsafe(12)}")
    assert page.status_code == 404
    assert "12329" in page.text


@pytest.mark.databases("sqlite")
def test_whoever_comes_from_outside_is_never_led_to_the_office(client: FlaskClient, link: str) -> None:
    wrong = ("/n", "/n/x/y/z", f"{link}/foo", f"/n/{secrets.token_urlsafe(12)}", "/n/letter")
    answers = [client.get(address) for address in wrong] + [client.delete("/n/letter")]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 404, 200, 405]
    for answer in answers:
        assert "12329" in answer.text
        assert not re.search(r'href="/"|/login|Back to the start|返回首页', answer.text)
    assert 'href="/"' in client.get("/nobody").text


@pytest.mark.databases("sqlite")
def test_the_link_of_a_message_that_was_never_sent_leads_nowhere(client: FlaskClient, owner: User) -> None:
    employer = create_employer(owner.branch)
    create_contact(employer, mobile="13811110000")
    campaign = launched_campaign(create_user(Role.MANAGER, branch=owner.branch))
    planned = db.session.scalars(
        select(Message).where(Message.campaign_id == campaign.id, Message.token.is_not(None))
    ).first()
    assert planned is not None
    assert client.get(f"/n/{planned.token}").status_code == 404


@pytest.mark.parametrize("step", ["", "/confirm", "/ask"])
def test_an_expired_link_does_nothing_and_speaks_like_one_that_never_was(
    client: FlaskClient, link: str, message: Message, step: str
) -> None:
    opened(client, link)
    with time_machine.travel(now() + timedelta(days=LINK_DAYS.usual, minutes=1)):
        expired, forged = client.get(link), client.get(f"/n/{secrets.token_urlsafe(12)}")
        assert (expired.status_code, told_by(expired.text)) == (404, told_by(forged.text))
        data = {"digits": DIGITS, "wanted": "visit_request"}
        assert client.post(f"{link}{step}", data=data).status_code == 404
    assert db.session.get_one(Message, message.id).confirmed_at is None
    assert told() == []


@pytest.mark.databases("sqlite")
def test_forms_without_their_token_are_refused(
    app: Flask, client: FlaskClient, link: str, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(client, link)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    assert client.post(link, data={"digits": DIGITS}).status_code == 400
    stranger = app.test_client().post(
        link, data={"digits": DIGITS}, headers={"Referer": f"http://localhost{link}"}
    )
    assert stranger.status_code == 400, "there is no page that could tell behind a redirect"
    assert "Cookie" in stranger.text
    switch = app.test_client().post(
        "/preferences", data={"language": "en"}, headers={"Referer": f"http://localhost{link}"}
    )
    assert switch.status_code == 400 and "12329" in switch.text and 'href="/"' not in switch.text
    for step in ("confirm", "ask"):
        assert client.post(f"{link}/{step}", data={"wanted": "visit_request"}).status_code == 400
    assert db.session.get_one(Message, message.id).confirmed_at is None


@pytest.mark.databases("sqlite")
def test_the_page_needs_no_script(client: FlaskClient, link: str) -> None:
    page = opened(client, link)
    assert page.count("<form") >= 2
    assert "onclick" not in page


@pytest.mark.databases("sqlite")
def test_whoever_tries_one_link_after_another_is_slowed_down(client: FlaskClient, dialect: str) -> None:
    client.environ_base["REMOTE_ADDR"] = {"sqlite": "10.0.1.1", "postgresql": "10.0.1.2"}[dialect]
    limiter.enabled = True
    try:
        answers = [client.get(f"/n/{secrets.token_urlsafe(12)}").status_code for _knock in range(61)]
    finally:
        limiter.enabled = False
    assert answers == [404] * 60 + [429]


@pytest.fixture
def single(owner: User) -> Message:
    """One person of one employer, whose account is known."""
    employer = create_employer(
        owner.branch,
        name="滨海丙公司",
        employer_account_no="120000098765",
        owner_id=owner.id,
        arrears_months=1,
    )
    create_contact(employer, name="陈丽", mobile="13900001111")
    campaign = launched_campaign(create_user(Role.MANAGER, branch=owner.branch))
    db.session.execute(move(MessageState.CLAIMED, Message.campaign_id == campaign.id))
    settle(MessageState.DELIVERED, Message.campaign_id == campaign.id)
    db.session.commit()
    return db.session.scalars(select(Message).where(Message.employer_id == employer.id)).one()


@pytest.mark.databases("sqlite")
def test_the_account_opens_a_notice_of_one_employer_and_proves_no_mobile(
    client: FlaskClient, single: Message
) -> None:
    page = f"/n/{single.token}"
    assert client.post(page, data={"digits": "8765"}).status_code == 303
    shown = html.unescape(client.get(page).text)
    assert "滨海丙公司" in shown
    assert 'id="leave"' not in shown
    client.post(f"{page}/confirm")
    client.post(f"{page}/leave", data={"greeting": "y"})
    db.session.expire_all()
    assert single.confirmed_at is not None
    assert single.contact is not None
    assert single.contact.verified_on is None
    assert db.session.scalars(select(OptOut)).all() == []


@pytest.mark.databases("sqlite")
def test_a_reader_leaves_greetings_and_publicity_but_never_service_notices(
    client: FlaskClient, link: str, message: Message
) -> None:
    client.post(f"{link}/leave", data={"greeting": "y"})  # not yet proven
    assert db.session.scalars(select(OptOut)).all() == []
    opened(client, link)
    for _click in range(2):
        client.post(f"{link}/leave", data={"greeting": "y", "publicity": "y", "service": "y"})
    assert message.contact is not None
    left = db.session.scalars(select(OptOut)).all()
    assert sorted((one.contact_id, one.message_class, one.recorded_by_id) for one in left) == [
        (message.contact.id, MessageClass.GREETING, None),
        (message.contact.id, MessageClass.PUBLICITY, None),
    ]
    assert "不再接收节日问候" in html.unescape(client.get(link).text)
    entries = db.session.scalars(select(TimelineEntry).where(TimelineEntry.kind == "contact")).all()
    assert {one.employer_id for one in entries} == {message.employer_id}


@pytest.mark.databases("sqlite")
def test_whoever_opens_confirms_or_guesses_wrong_is_in_the_trail(client: FlaskClient, link: str) -> None:
    for _try in range(TRIES.usual):
        client.post(link, data={"digits": "0000"})
    with time_machine.travel(now() + timedelta(minutes=LOCK_MINUTES.usual + 1)):
        opened(client, link)
        client.post(f"{link}/confirm")
    actions = db.session.scalars(select(AuditEvent.action).where(AuditEvent.subject_type == "messages")).all()
    assert set(actions) == {LOCKED, READ, ANSWERED}
