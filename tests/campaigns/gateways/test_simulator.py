import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.config import current_settings
from campaigns.gateways.signing import is_signed
from campaigns.gateways.simulator import Pusher, Simulator, client, store_path
from campaigns.gateways.simulator_store import DEAD, DELIVERED, SWITCHED_OFF, Faults, Store, outcome_of
from tests.campaigns.gateways.test_http import BATCH
from tests.waiting import wait_until

SECRET = "a secret of both sides"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "gateway.db")
    yield made
    made.close()


class Listener(ThreadingHTTPServer):
    """Takes what is pushed, and can be told to refuse."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ListenerHandler)
        self.taken: list[tuple[str, Any]] = []
        self.status = 204


class ListenerHandler(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert is_signed(SECRET, "POST", self.path, dict(self.headers), body)
        if self.server.status == 204:
            self.server.taken.append((self.path, json.loads(body)))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def pusher_to(listener: Listener, store: Store) -> Pusher:
    return Pusher(store, f"http://127.0.0.1:{listener.server_port}", SECRET)


def accept(store: Store, people: int = 3, due: float = 0.0) -> list[str]:
    keys = [f"key{n}" for n in range(people)]
    messages = [{"key": key, "phone": f"138{n:08d}", "text": "【部】您好"} for n, key in enumerate(keys)]
    store.accept(messages, Faults(dead_percent=0, expired_percent=0), due)
    return keys


@pytest.mark.databases("sqlite")
def test_what_becomes_of_a_number_is_always_the_same_and_in_the_wanted_share() -> None:
    faults = Faults(dead_percent=20, expired_percent=10)
    phones = [f"138{n:08d}" for n in range(2000)]
    outcomes = [outcome_of(phone, faults) for phone in phones]
    assert outcomes == [outcome_of(phone, faults) for phone in phones]
    assert 0.16 < outcomes.count(DEAD) / 2000 < 0.24
    assert 0.07 < outcomes.count(SWITCHED_OFF) / 2000 < 0.13
    assert outcome_of(phones[0], Faults(dead_percent=0, expired_percent=0)) == DELIVERED


@pytest.mark.databases("sqlite")
def test_receipts_are_pushed_signed_once_and_only_when_due(store: Store, listener: Listener) -> None:
    keys = accept(store)
    store.accept([{"key": "later", "phone": "13900000000", "text": "x"}], Faults(), due=4e9)
    pusher = pusher_to(listener, store)
    for _ in range(2):
        pusher.push_receipts(Faults())
    ((path, receipts),) = listener.taken
    assert path == "/gateways/simulator/receipts"
    assert [r["key"] for r in receipts] == keys


@pytest.mark.databases("sqlite")
def test_receipts_come_twice_and_shuffled_on_demand(store: Store, listener: Listener) -> None:
    keys = accept(store, people=30)
    pusher_to(listener, store).push_receipts(Faults(receipts_twice=1, receipts_shuffled=1))
    ((_, receipts),) = listener.taken
    pushed = [r["key"] for r in receipts]
    assert sorted(pushed) == sorted([*keys, *keys])
    assert pushed != [*keys, *keys]


@pytest.mark.databases("sqlite")
def test_refused_receipts_come_again_later_and_are_dropped_in_the_end(
    store: Store, listener: Listener
) -> None:
    keys = accept(store, people=1)
    for _ in range(3):
        store.receipts_refused(keys, waits=(0.0, 0.0))
    assert store.due_receipts(4e9, 10) == []
    (row,) = store.messages(keys)
    assert row["outcome"] == "delivered", "it can still be asked for"


@pytest.mark.databases("sqlite")
def test_a_running_pusher_passes_replies_on(store: Store, listener: Listener) -> None:
    pusher = pusher_to(listener, store)
    pusher.start()
    store.add_reply("13800000000", "收到")
    wait_until(lambda: listener.taken)
    pusher.stop()
    ((path, (reply,)),) = listener.taken
    assert (path, reply["phone"], reply["text"]) == ("/gateways/simulator/replies", "13800000000", "收到")


@pytest.mark.databases("sqlite")
def test_unknown_faults_and_numbers_that_are_none_are_refused(store: Store) -> None:
    for wrong in ({"gremlins": "1"}, {"slow_ms": "quick"}, {"slow_ms": "-1"}):
        with pytest.raises(ValueError, match="fault"):
            store.set_faults(wrong)
    assert store.faults() == Faults()


@pytest.mark.databases("sqlite")
def test_the_log_can_be_read_without_the_server(house: Flask, simulator: Store) -> None:
    client(current_settings()).submit(BATCH)
    shown = house.test_cli_runner().invoke(args=["gateway", "log", "--json"])
    assert [m["key"] for m in json.loads(shown.output)] == [m.key for m in BATCH]
    assert "3 accepted" in house.test_cli_runner().invoke(args=["gateway", "log"]).output


@pytest.mark.databases("sqlite")
def test_faults_are_set_shown_and_cleared_from_the_shell(house: Flask) -> None:
    runner = house.test_cli_runner()
    runner.invoke(args=["gateway", "faults", "flow_control=2", "reject_code=XA:0003"])
    shown = json.loads(runner.invoke(args=["gateway", "faults", "--json"]).output)
    assert (shown["flow_control"], shown["reject_code"]) == (2, "XA:0003")
    refused = runner.invoke(args=["gateway", "faults", "gremlins=1"])
    assert refused.exit_code == 1
    assert "no fault named gremlins" in refused.output
    bare = runner.invoke(args=["gateway", "faults", "slow_ms", "--clear"])
    assert bare.exit_code == 1
    assert "请按“名称=值”的形式填写。" in bare.output
    assert json.loads(runner.invoke(args=["gateway", "faults", "--json"]).output)["flow_control"] == 2
    assert json.loads(runner.invoke(args=["gateway", "faults", "--clear", "--json"]).output) == vars(Faults())


@pytest.mark.databases("sqlite")
def test_a_taken_port_is_one_clear_sentence(house: Flask, simulator: Store) -> None:
    failed = house.test_cli_runner().invoke(args=["gateway", "simulator"])
    assert failed.exit_code == 1
    assert "set JINNUO_GATEWAY_PORT to a free one" in failed.output


@pytest.mark.databases("sqlite")
def test_a_simulator_started_again_remembers(house: Flask, simulator: Store) -> None:
    client(current_settings()).submit(BATCH)
    again = Store(store_path(current_settings()))
    assert len(again.messages()) == len(BATCH)
    again.close()


@pytest.mark.databases("sqlite")
def test_it_listens_on_this_machine_only(house: Flask) -> None:
    server = Simulator(current_settings())
    assert server.server_address[0] == "127.0.0.1"
    server.server_close()
    server.store.close()
