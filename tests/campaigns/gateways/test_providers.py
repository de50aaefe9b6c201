"""Aliyun and Tencent through their own SDKs, against servers that behave as the providers document."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import update

from app.core.db import db
from campaigns.gateways import accounts, registry
from campaigns.gateways.accounts import Entry
from campaigns.gateways.models import GatewayAccount
from campaigns.gateways.protocol import (
    Answer,
    Asked,
    BadCallback,
    Callback,
    FailureClass,
    Gateway,
    Outcome,
    Outgoing,
)
from campaigns.ledger.models import Message
from campaigns.ledger.services import controlling, dispatching, settling, sweeping
from tests.campaigns.gateways import providers
from tests.campaigns.gateways.providers import Provider
from tests.campaigns.sending import TEXT, ledger, planned_campaign, states

pytest.importorskip("aliyunsdkcore", reason="the extra “aliyun” is not installed")
pytest.importorskip("tencentcloud", reason="the extra “tencent” is not installed")
pytestmark = pytest.mark.databases("sqlite")

BATCH = [
    Outgoing(f"key{n}", f"1380000000{n}", f"【滨海管理部】经办人{n}您好，请于3月1日前办理。", "claim1")
    for n in range(3)
]
WORDS = "{handler}您好，请于{deadline}前办理。"


@pytest.fixture(params=["aliyun", "tencent"])
def provider(request: pytest.FixtureRequest) -> Iterator[Provider]:
    with providers.running(getattr(providers, request.param)) as server:
        server.kind = request.param  # type: ignore[attr-defined]
        yield server


@pytest.fixture
def gateway(house: Flask, provider: Provider) -> Gateway:
    return enter(provider)


def enter(provider: Provider, secret: str = providers.SECRET, text: str = WORDS) -> Gateway:
    kind = str(provider.kind)  # type: ignore[attr-defined]
    config = {"endpoint": provider.address, "access_id": providers.ACCESS_ID, "app_id": providers.APP_ID}
    named = {name: config[name] for name in registry.KINDS[kind].asks}
    account = accounts.enter("main", Entry("主用", kind, True, 1, 50, 1000, False, named, secret))
    accounts.file_text(account, "T100", text)
    accounts.file_text(account, "T101", "{handler}您好！")
    db.session.commit()
    return registry.gateway("main")


def test_a_message_goes_out_as_the_filed_text_that_it_is(gateway: Gateway, provider: Provider) -> None:
    answers = gateway.submit(BATCH)
    assert [(a.key, a.answer) for a in answers] == [(m.key, Answer.ACCEPTED) for m in BATCH]
    assert all(answer.gateway_id for answer in answers)
    one = provider.sent[1]
    assert (one["sign"], one["template"]) == ("滨海管理部", "T100")
    assert list(one["values"].values() if isinstance(one["values"], dict) else one["values"]) == [
        "经办人1",
        "3月1日",
    ]


def test_a_text_that_was_not_filed_is_refused_here_as_content(gateway: Gateway, provider: Provider) -> None:
    answer = gateway.submit([Outgoing("k", "13800000009", "【滨海管理部】今天天气好", "c")])[0]
    assert (answer.answer, answer.code) == (Answer.REJECTED, "TEMPLATE_NOT_FILED")
    assert provider.sent == []


def test_silence_and_a_server_that_fails_leave_messages_in_doubt(
    gateway: Gateway, provider: Provider
) -> None:
    for fault in ("silence", "unavailable"):
        provider.faults = [fault] * 3
        assert {a.answer for a in gateway.submit(BATCH)} == {Answer.UNKNOWN}, fault


def test_a_server_that_is_not_there_took_nothing(house: Flask, provider: Provider) -> None:
    gateway = enter(provider)
    provider.shutdown()
    provider.server_close()
    assert {(a.answer, a.code) for a in gateway.submit(BATCH)} == {(Answer.NOT_TAKEN, "UNREACHABLE")}


def test_a_wrong_secret_is_trouble_of_the_account(house: Flask, provider: Provider) -> None:
    gateway = enter(provider, secret="another secret")
    campaign = planned_campaign(2, template_text=WORDS.replace("{deadline}", "3月1日"))
    claim = dispatching.claim(campaign.id, gateway, 10)
    assert claim
    outcome = dispatching.record(claim, gateway, gateway.submit(claim.batch))
    assert outcome.hold is FailureClass.ACCOUNT
    controlling.heed(campaign.id, gateway.name, outcome)
    assert states(campaign) == {"planned": 2}
    assert campaign.hold_reason == "account"


def test_one_number_that_is_none_costs_only_itself(gateway: Gateway, provider: Provider) -> None:
    aliyun = provider.kind == "aliyun"  # type: ignore[attr-defined]
    code = "isv.MOBILE_NUMBER_ILLEGAL" if aliyun else "InvalidParameterValue.IncorrectPhoneNumber"
    provider.refuse = {BATCH[1].phone: code}
    assert [a.answer for a in gateway.submit(BATCH)] == [Answer.ACCEPTED, Answer.REJECTED, Answer.ACCEPTED]
    assert {one["phone"][-11:] for one in provider.sent} == {BATCH[0].phone, BATCH[2].phone}


def test_it_can_be_asked_about_messages_in_doubt(gateway: Gateway, provider: Provider) -> None:
    provider.faults = ["silence"]
    gateway.submit(BATCH[:1])
    since = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
    asked = [Asked(m.key, m.phone, None, "claim1", since) for m in BATCH]
    found = gateway.query(asked)
    assert found is not None
    assert [(r.key, r.outcome) for r in found] == [(BATCH[0].key, Outcome.DELIVERED)]
    assert gateway.query([asked[0]._replace(claim="another")]) == []


def pushed(kind: str, message: Message) -> Callback:
    """A receipt as the provider pushes it: it knows no key of ours."""
    number = message.claim if kind == "aliyun" else message.gateway_id
    body = {
        "aliyun": {
            "phone_number": message.phone,
            "success": True,
            "err_code": "DELIVERED",
            "report_time": "2026-11-22 10:00:05",
            "out_id": number,
            "biz_id": "other",
        },
        "tencent": {
            "mobile": message.phone,
            "report_status": "SUCCESS",
            "errmsg": "DELIVRD",
            "user_receive_time": "2026-11-22 10:00:05",
            "sid": number,
        },
    }[kind]
    return Callback("POST", "/", {}, json.dumps([body]).encode(), accounts.callback_token("main"))


def test_receipts_find_their_message_and_nobody_elses(house: Flask, provider: Provider) -> None:
    gateway, kind = enter(provider), str(provider.kind)  # type: ignore[attr-defined]
    campaign = planned_campaign(2, template_text=WORDS.replace("{deadline}", "3月1日"))
    claim = dispatching.claim(campaign.id, gateway, 10)
    assert claim
    dispatching.record(claim, gateway, gateway.submit(claim.batch))
    first, second = ledger(campaign)
    push = pushed(kind, first)
    for _again in range(2):
        settling.apply_receipts("main", gateway.parse_receipts(push))
    unknown = [receipt._replace(number="nobody's") for receipt in gateway.parse_receipts(push)]
    assert settling.apply_receipts("main", unknown) == 0
    assert states(campaign) == {"delivered": 1, "submitted": 1}
    assert (first.state, second.state) == ("delivered", "submitted")
    with pytest.raises(BadCallback):
        gateway.parse_receipts(Callback("POST", "/", {}, push.body, "guessed"))


def test_what_it_may_have_taken_is_asked_about_and_never_sent_again(house: Flask, provider: Provider) -> None:
    gateway = enter(provider, text=TEXT)
    campaign = planned_campaign(1)
    claim = dispatching.claim(campaign.id, gateway, 10)
    assert claim
    provider.faults = ["unavailable"]
    dispatching.record(claim, gateway, gateway.submit(claim.batch))
    db.session.execute(update(Message).values(due_at=Message.created_at))
    asked = sweeping.questions(gateway)
    again = sweeping.answer(gateway, asked, gateway.query(sweeping.as_asked(asked)))
    assert again == set()
    assert states(campaign) == {"unknown": 1}
    assert provider.sent == []


def test_the_secret_is_sealed_and_its_account_says_what_is_missing(house: Flask, provider: Provider) -> None:
    enter(provider)
    kept = db.session.connection().exec_driver_sql("select secret from gateway_accounts").scalar_one()
    assert providers.SECRET not in kept
    account = db.session.query(GatewayAccount).one()
    assert providers.SECRET not in repr(account.secret)
    assert accounts.fits(account, WORDS)
    assert not accounts.fits(account, "别的文字")
