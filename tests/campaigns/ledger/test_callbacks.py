"""The gateway's way back in, over the product's own addresses."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.config import current_settings
from app.core.clock import now, today
from app.core.db import db
from app.core.timeline import TimelineEntry
from app.employers.models import Contact, VerifiedHow
from app.tasks.models import Task
from campaigns.channels.sms.models import OptOut
from campaigns.drafting.models import Campaign, CampaignState, MessageClass, Sender
from campaigns.drafting.queries import SIGNATURE
from campaigns.gateways.signing import signed_headers
from campaigns.ledger.models import Message, Reply
from tests.campaigns.sending import ledger, planned_campaign, states
from tests.factories import create_branch

AT = "2026-11-22T10:00:00+08:00"


def push(client: FlaskClient, what: str, items: list[dict[str, Any]], secret: str = "") -> int:
    path, body = f"/gateways/simulator/{what}", json.dumps(items).encode()
    headers = signed_headers(secret or current_settings().gateway_secret, "POST", path, body)
    return client.post(path, data=body, headers=headers).status_code


def sent_campaign(**fields: Any) -> Campaign:
    campaign = planned_campaign(2, **fields)
    handed_over = {"state": "submitted", "gateway": "simulator", "submitted_at": now()}
    db.session.execute(update(Message).where(Message.campaign_id == campaign.id).values(**handed_over))
    db.session.commit()
    return campaign


def receipts_for(campaign: Campaign) -> list[dict[str, Any]]:
    keys = [row.public_id for row in ledger(campaign)]
    return [{"key": key, "outcome": "delivered", "code": "DELIVRD", "at": AT} for key in keys]


def test_signed_receipts_settle_messages_and_finish_the_campaign(client: FlaskClient) -> None:
    campaign = sent_campaign()
    assert push(client, "receipts", receipts_for(campaign)) == 204
    assert states(campaign) == {"delivered": 2}
    assert campaign.state is CampaignState.FINISHED


def test_receipts_need_no_browser_token_but_the_gateways_signature(app: Flask, client: FlaskClient) -> None:
    campaign = sent_campaign()
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert push(client, "receipts", receipts_for(campaign), secret="somebody else's") == 403
        assert states(campaign) == {"submitted": 2}
        assert push(client, "receipts", receipts_for(campaign)) == 204
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_an_unsigned_or_unreadable_push_changes_nothing(client: FlaskClient) -> None:
    campaign = sent_campaign()
    assert client.post("/gateways/simulator/receipts", json=receipts_for(campaign)).status_code == 403
    assert push(client, "receipts", [{"key": 1}]) == 403
    assert client.post("/gateways/nobody/receipts", json=[]).status_code == 404
    assert client.get("/gateways/simulator/receipts").status_code == 405
    assert states(campaign) == {"submitted": 2}


def test_a_gateway_whose_clock_is_ahead_settles_nothing_in_the_future(client: FlaskClient) -> None:
    """Steps and figures count from when a message was settled."""
    campaign = sent_campaign()
    ahead = (now() + timedelta(days=300)).isoformat()
    assert push(client, "receipts", [one | {"at": ahead} for one in receipts_for(campaign)]) == 204
    assert all(row.settled_at and row.settled_at <= now() for row in ledger(campaign))
    said = {"id": "r1", "phone": ledger(campaign)[0].phone, "text": "收到", "at": ahead}
    assert push(client, "replies", [said]) == 204
    assert db.session.scalars(select(Reply)).one().at <= now()


def test_what_no_database_can_hold_does_not_keep_the_rest_of_a_push_out(client: FlaskClient) -> None:
    campaign = sent_campaign()
    odd = {"key": "no\x00body", "outcome": "failed", "code": "X\x00", "at": AT}
    assert push(client, "receipts", [odd, *receipts_for(campaign)]) == 204
    assert states(campaign) == {"delivered": 2}
    long = {"id": "r" * 80, "phone": ledger(campaign)[0].phone, "text": "收\x00到", "at": AT}
    for _ in range(2):
        assert push(client, "replies", [long]) == 204
    assert db.session.scalars(select(Reply.text)).all() == ["收到"]


def reply(phone: str, text: str, number: int = 1) -> dict[str, Any]:
    return {"id": f"r{number}", "phone": phone, "text": text, "at": AT}


def test_a_reply_reaches_the_timeline_and_the_owner_once(client: FlaskClient) -> None:
    row = ledger(sent_campaign())[0]
    for _ in range(2):
        assert push(client, "replies", [reply(f"+86{row.phone}", "收到，下周来办")]) == 204
    (entry,) = db.session.scalars(select(TimelineEntry))
    assert (entry.employer_id, entry.params["text"]) == (row.employer_id, "收到，下周来办")
    (task,) = db.session.scalars(select(Task))
    assert (task.employer_id, "收到，下周来办" in task.note) == (row.employer_id, True)
    (kept,) = db.session.scalars(select(Reply))
    assert (kept.message_id, kept.opt_out) == (row.id, False)


def test_an_opt_out_is_kept_for_the_signature_it_answered(client: FlaskClient) -> None:
    answered = sent_campaign(message_class=MessageClass.PUBLICITY)
    phone = ledger(answered)[0].phone or ""
    assert push(client, "replies", [reply(phone, "TD")]) == 204
    (left,) = db.session.scalars(select(OptOut))
    assert (left.phone, left.signature) == (phone, answered.signature)
    assert db.session.scalars(select(Task)).all() == []
    other = sent_campaign(message_class=MessageClass.PUBLICITY, signature="东港管理部")
    db.session.execute(update(Message).where(Message.campaign_id == other.id).values(phone=phone[:-1] + "9"))
    db.session.execute(
        update(Message)
        .where(Message.campaign_id == other.id, Message.id == ledger(other)[0].id)
        .values(phone=phone, submitted_at=now() - timedelta(days=1))
    )
    db.session.commit()
    said = reply(phone, "ｒ", 2) | {"signature": "【东港管理部】"}
    assert push(client, "replies", [said]) == 204
    signatures = db.session.scalars(select(OptOut.signature).order_by(OptOut.id)).all()
    assert signatures == [answered.signature, "东港管理部"], "the one it says, though another came later"


def test_whoever_answers_a_message_in_doubt_is_heard(client: FlaskClient) -> None:
    row = ledger(sent_campaign(message_class=MessageClass.PUBLICITY))[0]
    in_doubt = {"state": "unknown", "submitted_at": None}
    db.session.execute(update(Message).where(Message.id == row.id).values(**in_doubt))
    db.session.commit()
    assert push(client, "replies", [reply(row.phone or "", "R")]) == 204
    assert db.session.scalars(select(OptOut.phone)).all() == [row.phone]


@pytest.mark.parametrize(
    ("message_class", "reason"), [(MessageClass.GREETING, "opted_out"), (MessageClass.SERVICE, None)]
)
def test_an_opt_out_stops_what_is_planned_except_service_notices(
    client: FlaskClient, message_class: MessageClass, reason: str | None
) -> None:
    campaign = planned_campaign(2, message_class=message_class)
    first, second = ledger(campaign)
    db.session.execute(update(Message).where(Message.id == second.id).values(submitted_at=now()))
    assert push(client, "replies", [reply(second.phone or "", "退订")]) == 204
    assert [row.reason for row in ledger(campaign)] == [None, reason]
    assert first.phone != second.phone


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("text", "verifies"),
    [("收到，下周来办", True), ("TD", False), ("您打错了", False), ("我不是本人，号码换过了", False)],
)
def test_a_reply_verifies_the_number_unless_it_opts_out_or_says_that_it_is_somebody_else(
    client: FlaskClient, text: str, verifies: bool
) -> None:
    row = ledger(sent_campaign())[0]
    assert push(client, "replies", [reply(row.phone or "", text)]) == 204
    contact = db.session.get_one(Contact, row.contact_id)
    found = (contact.verified_on, contact.verified_how, contact.verified_by_id)
    answered = min(datetime.fromisoformat(AT).date(), today())
    assert found == ((answered, VerifiedHow.SMS_REPLY, None) if verifies else (None, None, None))


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(("days", "revives"), [(1, True), (0, True), (-1, False)])
def test_a_reply_revives_a_number_unless_it_was_found_dead_later(
    client: FlaskClient, days: int, revives: bool
) -> None:
    row = ledger(sent_campaign())[0]
    contact = db.session.get_one(Contact, row.contact_id)
    contact.invalid_since = datetime.fromisoformat(AT).date() - timedelta(days=days)
    db.session.commit()
    assert push(client, "replies", [reply(row.phone or "", "收到")]) == 204
    assert (contact.invalid_since is None, contact.verified_on is not None) == (revives, revives)


def test_a_reply_from_a_stranger_is_kept_and_leads_nowhere(client: FlaskClient) -> None:
    assert push(client, "replies", [reply("13999999999", "收到")]) == 204
    assert db.session.scalars(select(Reply.phone)).all() == ["13999999999"]
    assert db.session.scalars(select(OptOut)).all() == []


def test_a_stranger_who_leaves_is_left_alone_by_whoever_might_have_written(client: FlaskClient) -> None:
    """What was answered may have been deleted since, as the rules of retention say."""
    other = Sender(branch_id=create_branch().id, signature="东港管理部", phone="66270000", price=1)
    db.session.add(other)
    db.session.commit()
    assert push(client, "replies", [reply("13999999999", "R")]) == 204
    said = reply("13988888888", "TD", 2) | {"signature": "【东港管理部】"}
    assert push(client, "replies", [said]) == 204
    left = db.session.execute(select(OptOut.phone, OptOut.signature).order_by(OptOut.id)).all()
    assert {tuple(one) for one in left} == {
        ("13999999999", SIGNATURE), ("13999999999", "东港管理部"), ("13988888888", "东港管理部"),
    }  # fmt: skip
