import dataclasses
import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask

from app.config import current_settings
from campaigns.gateways import signing
from campaigns.gateways.http import HttpGateway
from campaigns.gateways.protocol import Answer, Asked, BadCallback, Callback, Outcome, Outgoing
from campaigns.gateways.signing import is_signed, signed_headers
from campaigns.gateways.simulator import client
from campaigns.gateways.simulator_store import Store
from tests.waiting import wait_until

BATCH = [Outgoing(f"key{n}", f"1380000000{n}", f"【滨海管理部】您好{n}") for n in range(3)]


@pytest.fixture
def gateway(house: Flask) -> HttpGateway:
    return client(current_settings())


def answers(gateway: HttpGateway, batch: list[Outgoing] = BATCH) -> set[tuple[Answer, str | None]]:
    submissions = gateway.submit(batch)
    assert {s.key for s in submissions} == {m.key for m in batch}
    return {(s.answer, s.code) for s in submissions}


@pytest.mark.databases("sqlite")
def test_an_accepted_batch_is_in_the_gateways_log(gateway: HttpGateway, simulator: Store) -> None:
    assert answers(gateway) == {(Answer.ACCEPTED, None)}
    assert [(m["key"], m["phone"], m["text"]) for m in simulator.messages()] == [
        (m.key, m.phone, m.text) for m in BATCH
    ]


@pytest.mark.databases("sqlite")
def test_a_key_submitted_twice_goes_out_once(gateway: HttpGateway, simulator: Store) -> None:
    for _ in range(2):
        assert answers(gateway) == {(Answer.ACCEPTED, None)}
    assert [m["repeats"] for m in simulator.messages()] == [1, 1, 1]


@pytest.mark.databases("sqlite")
def test_batches_share_one_connection(gateway: HttpGateway, simulator: Store) -> None:
    for _ in range(3):
        gateway.submit(BATCH)
    pool = gateway.pool.connection_from_url(gateway.base_url)
    assert (pool.num_connections, pool.num_requests) == (1, 3)


@pytest.mark.databases("sqlite")
def test_nobody_at_the_address_means_nothing_was_taken(gateway: HttpGateway) -> None:
    assert answers(gateway) == {(Answer.NOT_TAKEN, "UNREACHABLE")}


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("fault", "answer", "arrived"),
    [
        ("timeout_after_accept", Answer.UNKNOWN, 3),
        ("error_after_accept", Answer.UNKNOWN, 3),
        ("reset_after_accept", Answer.UNKNOWN, 3),
        ("error_before_accept", Answer.UNKNOWN, 0),
        ("reset_before_accept", Answer.UNKNOWN, 0),
        ("flow_control", Answer.NOT_TAKEN, 0),
    ],
)
def test_silence_is_unknown_and_only_a_clear_refusal_is_not_taken(
    gateway: HttpGateway, simulator: Store, fault: str, answer: Answer, arrived: int
) -> None:
    simulator.set_faults({fault: "1"})
    assert {found for found, _code in answers(gateway)} == {answer}
    # the gateway may still be busy with what its client gave up waiting for
    wait_until(lambda: len(simulator.messages()) == arrived)
    assert answers(gateway) == {(Answer.ACCEPTED, None)}, "a counted fault passes"


@pytest.mark.databases("sqlite")
def test_a_wrong_secret_is_refused_before_anything_is_taken(gateway: HttpGateway, simulator: Store) -> None:
    assert answers(dataclasses.replace(gateway, secret="wrong")) == {(Answer.NOT_TAKEN, "SIGNATURE_REFUSED")}
    assert simulator.messages() == []


@pytest.mark.databases("sqlite")
def test_each_message_of_a_batch_has_its_own_answer(gateway: HttpGateway, simulator: Store) -> None:
    landline = Outgoing("landline", "02266666666", "【滨海管理部】您好")
    unsigned = Outgoing("unsigned", "13800000009", "您好")
    found = {s.key: (s.answer, s.code) for s in gateway.submit([*BATCH, landline, unsigned])}
    assert found["landline"] == (Answer.REJECTED, "MOBILE_NUMBER_ILLEGAL")
    assert found["unsigned"] == (Answer.REJECTED, "SMS_SIGNATURE_ILLEGAL")
    assert found["key0"] == (Answer.ACCEPTED, None)


@pytest.mark.databases("sqlite")
def test_what_the_gateway_never_saw_is_left_out_of_its_answer(gateway: HttpGateway, simulator: Store) -> None:
    simulator.set_faults({"receipt_delay_ms": "0"})
    gateway.submit(BATCH[:1])
    simulator.set_faults({"receipt_delay_ms": "60000"})
    gateway.submit(BATCH[1:2])
    found = gateway.query([Asked(m.key) for m in BATCH])
    assert found is not None
    assert {r.key: r.outcome for r in found} == {"key0": Outcome.DELIVERED, "key1": Outcome.PENDING}


@pytest.mark.databases("sqlite")
def test_a_gateway_that_cannot_be_asked_is_not_one_that_knows_nothing(gateway: HttpGateway) -> None:
    assert gateway.query([Asked("key0")]) is None


# --- what comes back in

PATH = "/gateways/simulator/receipts"
RECEIPT = {"key": "key0", "outcome": "delivered", "code": "DELIVRD", "at": "2026-11-22T09:00:00+08:00"}


def pushed(
    gateway: HttpGateway, body: bytes, headers: Mapping[str, str] | None = None, path: str = PATH
) -> Callback:
    signed = signed_headers(gateway.secret, "POST", PATH, body)
    return Callback("POST", path, signed if headers is None else headers, body)


@pytest.mark.databases("sqlite")
def test_a_signed_array_of_receipts_is_read(gateway: HttpGateway) -> None:
    body = json.dumps([RECEIPT]).encode()
    (receipt,) = gateway.parse_receipts(pushed(gateway, body))
    assert (receipt.key, receipt.outcome, receipt.code) == ("key0", Outcome.DELIVERED, "DELIVRD")
    assert receipt.at.utcoffset() is not None


@pytest.mark.databases("sqlite")
def test_a_tampered_stale_or_moved_request_is_refused(
    gateway: HttpGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = json.dumps([RECEIPT]).encode()
    good = signed_headers(gateway.secret, "POST", PATH, body)
    for callback in (
        pushed(gateway, body.replace(b"key0", b"key1"), good),
        pushed(gateway, body, good, path="/gateways/simulator/replies"),
        pushed(gateway, body, {}),
        pushed(gateway, body, good | {signing.SIGNATURE_HEADER: "签名"}),
        pushed(gateway, body, good | {signing.TIMESTAMP_HEADER: "²"}),
        pushed(gateway, body, good | {signing.TIMESTAMP_HEADER: "9" * 20}),
    ):
        with pytest.raises(BadCallback):
            gateway.parse_receipts(callback)
    late = time.time() + signing.TOLERANCE + 5
    monkeypatch.setattr(time, "time", lambda: late)
    assert not is_signed(gateway.secret, "POST", PATH, good, body)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "payload",
    [
        {"key": "key0"},
        ["key0"],
        [RECEIPT, {}],
        [RECEIPT | {"outcome": "lost"}],
        [RECEIPT | {"at": "2026-11-22T09:00:00"}],
        [RECEIPT | {"at": None}],
        None,
    ],
)
def test_an_unreadable_array_is_refused_as_a_whole(gateway: HttpGateway, payload: Any) -> None:
    with pytest.raises(BadCallback):
        gateway.parse_receipts(pushed(gateway, json.dumps(payload).encode()))
    with pytest.raises(BadCallback):
        gateway.parse_receipts(pushed(gateway, b"\xff["))
