"""The campaign's page after its launch."""

import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app.accounts.models import User
from app.audit.models import AuditEvent
from app.core.clock import now
from app.core.db import db
from app.core.permissions import Role
from app.core.timeline import TimelineEntry
from campaigns.drafting.audience.queries import reckon
from campaigns.drafting.models import Campaign, CampaignState, Exclusion
from campaigns.gateways.protocol import FailureClass
from campaigns.ledger.models import Message, MessageState
from campaigns.ledger.services import controlling
from campaigns.ledger.services.settling import settle
from campaigns.ledger.workflow import LABELS, move
from campaigns.results.queries import funnel
from campaigns.results.views import STOP_POLLING
from tests.campaigns.launched import approved_campaign, launched_campaign
from tests.factories import create_branch, create_contact, create_employer, create_user, sign_in


@pytest.fixture
def manager(app: Flask) -> User:
    branch = create_branch(name="滨海管理部")
    for number in range(6):
        employer = create_employer(branch, name=f"滨海{number}号公司", arrears_months=2)
        create_contact(employer, mobile=f"1380000000{min(number, 4)}")
    create_employer(branch, name="没有联系人的公司")
    return create_user(Role.MANAGER, branch=branch)


@pytest.fixture
def running(manager: User) -> Campaign:
    return launched_campaign(manager)


def hand_over(campaign: Campaign) -> None:
    db.session.execute(move(MessageState.CLAIMED, Message.campaign_id == campaign.id))
    db.session.execute(move(MessageState.SUBMITTED, Message.campaign_id == campaign.id, submitted_at=now()))


def ids(campaign: Campaign) -> list[int]:
    sent = Message.state != MessageState.SUPPRESSED
    query = db.select(Message.id).where(Message.campaign_id == campaign.id, sent)
    return list(db.session.scalars(query.order_by(Message.phone)))


def terms(page: str) -> list[int]:
    """The numbers of the balance, the audience first."""
    found = re.findall(r'class="term[^"]*"[^>]*>\s*<b>(\d+)</b>', page)
    return [int(number) for number in found]


def test_the_balance_adds_up_at_every_step(client: FlaskClient, manager: User, running: Campaign) -> None:
    sign_in(client, manager)
    address = f"/campaigns/{running.id}"
    first, *rest = terms(client.get(address).text)
    assert (first, sum(rest)) == (7, 7)
    hand_over(running)
    first, *rest = terms(client.get(address).text)
    assert (first, sum(rest)) == (7, 7)
    delivered, failed, *_open = ids(running)
    settle(MessageState.DELIVERED, Message.id == delivered)
    settle(MessageState.FAILED, Message.id == failed, code="MK:0001", reason=FailureClass.DEAD_NUMBER)
    page = client.get(address).text
    by_state = dict(zip(LABELS, terms(page)[1:], strict=True))
    assert by_state[MessageState.DELIVERED] == 1
    assert by_state[MessageState.FAILED] == 1
    assert by_state[MessageState.SUBMITTED] == 3
    assert by_state[MessageState.SUPPRESSED] == 2
    assert sum(by_state.values()) == 7


def test_what_was_not_delivered_for_no_known_reason_stands_among_the_reasons(
    client: FlaskClient, manager: User, running: Campaign
) -> None:
    sign_in(client, manager)
    hand_over(running)
    dead, by_hand, *_open = ids(running)
    settle(MessageState.FAILED, Message.id == dead, code="MK:0001", reason=FailureClass.DEAD_NUMBER)
    assert "没有具体原因" not in client.get(f"/campaigns/{running.id}").text
    settle(MessageState.FAILED, Message.id == by_hand, code="OFFICER")
    page = html.unescape(client.get(f"/campaigns/{running.id}").text)
    told = re.search(r'href="([^"]+)"><span>没有具体原因[^<]*</span><b>1</b>', page)
    assert told
    assert len(re.findall(r"滨海\d号公司", client.get(told[1]).text)) == 1


def test_every_number_leads_to_its_rows(client: FlaskClient, manager: User, running: Campaign) -> None:
    sign_in(client, manager)
    hand_over(running)
    settle(MessageState.DELIVERED, Message.id == ids(running)[0])
    page = html.unescape(client.get(f"/campaigns/{running.id}").text)
    links = re.findall(r'class="term[^"]*" href="([^"]+)">\s*<b>(\d+)</b>', page)
    assert len(links) == 1 + len(LABELS)
    for href, number in links:
        rows = re.findall(r"滨海\d号公司|没有联系人的公司", client.get(href).text)
        assert len(set(rows)) == int(number)
    delivered = client.get(f"/campaigns/{running.id}/messages?state.in=delivered").text
    assert "滨海0号公司" in delivered
    assert "滨海1号公司" not in delivered
    assert "13800000000" not in delivered


def test_what_was_refused_at_the_hand_over_was_not_sent_and_costs_nothing(
    client: FlaskClient, manager: User, running: Campaign
) -> None:
    sign_in(client, manager)
    hand_over(running)
    refused, failed, *_open = ids(running)
    db.session.execute(update(Message).where(Message.id == refused).values(submitted_at=None))
    for one in (refused, failed):
        settle(MessageState.FAILED, Message.id == one, code="MK:0001", reason=FailureClass.DEAD_NUMBER)
    figures = funnel(running.id)
    size = db.session.get_one(Message, failed).segments
    assert (figures.sent, figures.segments) == (4, 4 * size)
    page = html.unescape(client.get(f"/campaigns/{running.id}").text)
    assert f'href="/campaigns/{running.id}/messages?sent.yes="' in page
    rows = client.get(f"/campaigns/{running.id}/messages?sent.yes=").text
    assert "滨海1号公司" in rows and "滨海0号公司" not in rows


def test_the_page_moves_by_itself_until_nothing_is_open(
    client: FlaskClient, manager: User, running: Campaign
) -> None:
    sign_in(client, manager)
    live = f"/campaigns/{running.id}/live"
    moving = client.get(live)
    assert moving.status_code == 200
    assert f'hx-get="{live}?shown=running"' in moving.text
    assert "live-head" in moving.text
    assert "live-head" not in client.get(f"{live}?shown=running").text
    hand_over(running)
    settle(MessageState.DELIVERED, Message.campaign_id == running.id)
    controlling.finish_done()
    over = client.get(live)
    assert over.status_code == STOP_POLLING
    assert "hx-get" not in over.text
    assert db.session.get_one(Campaign, running.id).state is CampaignState.FINISHED


def test_the_funnel_counts_what_readers_did(client: FlaskClient, manager: User, running: Campaign) -> None:
    sign_in(client, manager)
    hand_over(running)
    settle(MessageState.DELIVERED, Message.campaign_id == running.id)
    some = ids(running)
    db.session.execute(update(Message).where(Message.id.in_(some[:3])).values(opened_at=now()))
    db.session.execute(update(Message).where(Message.id.in_(some[:2])).values(confirmed_at=now()))
    db.session.execute(update(Message).where(Message.id == some[0]).values(asked_at=now()))
    page = client.get(f"/campaigns/{running.id}").text
    shown = [int(n) for n in re.findall(r'class="tile-value">\s*(\d+)', page)]
    assert shown == [5, 5, 3, 2, 1]
    opened = client.get(f"/campaigns/{running.id}/messages?opened_at.not_empty=").text
    assert opened.count("138****") == 3


def test_launching_twice_launches_once(client: FlaskClient, manager: User) -> None:
    campaign = approved_campaign(manager)
    sign_in(client, manager)
    first = client.post(f"/campaigns/{campaign.id}/launch")
    assert first.location.endswith(f"/campaigns/{campaign.id}")
    again = client.post(f"/campaigns/{campaign.id}/launch")
    assert again.status_code in (303, 400)
    assert db.session.get_one(Campaign, campaign.id).state is CampaignState.RUNNING


def test_a_campaign_not_yet_launched_is_shown_as_a_draft(client: FlaskClient, manager: User) -> None:
    campaign = approved_campaign(manager)
    sign_in(client, manager)
    assert client.get(f"/campaigns/{campaign.id}").location.endswith(f"/campaigns/{campaign.id}/draft")


@pytest.mark.parametrize("page", ["", "/live", "/messages"])
def test_the_results_of_another_branch_do_not_exist(
    client: FlaskClient, running: Campaign, page: str
) -> None:
    sign_in(client, create_user(Role.BRANCH_HEAD))
    assert client.get(f"/campaigns/{running.id}{page}").status_code == 404


def test_only_those_who_may_control_see_the_buttons(
    client: FlaskClient, manager: User, running: Campaign
) -> None:
    sign_in(client, manager)
    assert f"/campaigns/{running.id}/pause" in client.get(f"/campaigns/{running.id}").text
    sign_in(client, create_user(Role.SPECIALIST, branch=manager.branch))
    page = client.get(f"/campaigns/{running.id}")
    assert page.status_code == 200
    assert f"/campaigns/{running.id}/pause" not in page.text
    assert client.post(f"/campaigns/{running.id}/pause").status_code == 403


def test_an_officer_settles_what_stayed_in_doubt_and_says_how_he_knows(
    client: FlaskClient, manager: User, running: Campaign
) -> None:
    sign_in(client, manager)
    db.session.execute(move(MessageState.CLAIMED, Message.campaign_id == running.id))
    doubtful, *certain = ids(running)
    assert "人工核定" not in client.get(f"/campaigns/{running.id}").text
    db.session.execute(move(MessageState.UNKNOWN, Message.id == doubtful))
    assert f"/campaigns/{running.id}/messages?state.in=unknown" in client.get(f"/campaigns/{running.id}").text
    address = f"/campaigns/{running.id}/messages"
    chosen = {"do": "bulk:settle", "ids": [doubtful, certain[0]], "confirmed": "1", "expected": "2"}
    client.post(address, data=chosen | {"outcome": "delivered", "evidence": " "})
    client.post(address, data=chosen | {"evidence": "问过运营商"})
    assert db.session.get_one(Message, doubtful).state is MessageState.UNKNOWN
    client.post(address, data=chosen | {"outcome": "delivered", "evidence": "问过运营商"})
    assert db.session.get_one(Message, doubtful).state is MessageState.DELIVERED
    assert db.session.get_one(Message, certain[0]).state is MessageState.CLAIMED
    told = db.session.scalars(db.select(TimelineEntry).where(TimelineEntry.kind == "sms")).one()
    assert (told.actor_name, told.params["comment"]) == (manager.name, "问过运营商")
    event = db.session.scalars(
        db.select(AuditEvent).where(AuditEvent.action == "Messages in doubt settled by hand")
    ).one()
    assert event.facts["reason"] == "问过运营商"


def test_the_last_message_settled_by_hand_finishes_the_campaign(
    client: FlaskClient, manager: User, running: Campaign
) -> None:
    sign_in(client, manager)
    open_ids = ids(running)
    db.session.execute(move(MessageState.CLAIMED, Message.campaign_id == running.id))
    db.session.execute(move(MessageState.UNKNOWN, Message.campaign_id == running.id))
    count = str(len(open_ids))
    chosen = {"do": "bulk:settle", "ids": open_ids, "confirmed": "1", "expected": count}
    answer = {"outcome": "failed", "evidence": "号码机主未收到"}
    client.post(f"/campaigns/{running.id}/messages", data=chosen | answer)
    db.session.refresh(running)
    assert running.state is CampaignState.FINISHED


@pytest.mark.parametrize(
    ("role", "elsewhere", "status"), [(Role.SPECIALIST, False, 403), (Role.MANAGER, True, 404)]
)
def test_others_settle_nothing(
    client: FlaskClient, manager: User, running: Campaign, role: Role, elsewhere: bool, status: int
) -> None:
    branch = create_branch() if elsewhere else manager.branch
    sign_in(client, create_user(role, branch=branch))
    db.session.execute(move(MessageState.CLAIMED, Message.campaign_id == running.id))
    db.session.execute(move(MessageState.UNKNOWN, Message.campaign_id == running.id))
    one = ids(running)[0]
    answer = {"outcome": "failed", "evidence": "x", "confirmed": "1", "expected": "1"}
    page = f"/campaigns/{running.id}/messages"
    assert client.post(page, data={"do": "bulk:settle", "ids": [one]} | answer).status_code == status
    assert db.session.get_one(Message, one).state is MessageState.UNKNOWN


def test_whoever_got_nothing_from_a_cancelled_campaign_may_be_written_to_again(manager: User) -> None:
    running = launched_campaign(manager)
    sent, *unsent = ids(running)
    db.session.execute(move(MessageState.CLAIMED, Message.id == sent))
    controlling.cancel(running.id, manager)
    again = approved_campaign(manager)
    again.frequency_days = 7
    excluded = {m.employer_id: m.excluded for m in reckon(again, "12329").members}
    lead = {m.id: m.employer_id for m in db.session.scalars(db.select(Message))}
    assert excluded[lead[sent]] is Exclusion.FREQUENCY
    assert {excluded[lead[one]] for one in unsent} == {None}


def test_colleagues_never_see_the_readers_personal_link(
    client: FlaskClient, manager: User, running: Campaign
) -> None:
    hand_over(running)
    settle(MessageState.DELIVERED, Message.campaign_id == running.id)
    tokens = set(db.session.scalars(db.select(Message.token).where(Message.token.is_not(None))))
    stories = " ".join(str(e.params) for e in db.session.scalars(db.select(TimelineEntry)))
    sign_in(client, manager)
    employer_id = db.session.scalars(db.select(Message.employer_id)).first()
    page = client.get(f"/employers/{employer_id}").text
    assert tokens
    assert not [token for token in tokens if token in stories or token in page]
