"""20,000 SMS through RQ with two workers, against a bare loop that posts the same batches to the simulator.

Everything is real and in processes of its own: Valkey, the simulator, the workers. The ledger is planned
before the clock starts, as the bare loop's batches are built before it; both write to a simulator that keeps
its receipts to itself.
"""

import dataclasses
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from flask import Flask
from sqlalchemy import exists, select

from app import create_app
from app.config import Settings
from app.core.db import Intent, db, intending, writing
from app.core.jobs import workers_listening
from app.core.valkey import answers, valkey_command
from campaigns.gateways.protocol import Gateway, Outgoing
from campaigns.gateways.registry import gateway as gateway_named
from campaigns.gateways.simulator import store_path
from campaigns.gateways.simulator_store import Store
from campaigns.ledger import jobs
from campaigns.ledger.models import Message, MessageState, new_key
from campaigns.ledger.services import controlling
from tests.bench.figures import Figure
from tests.campaigns.conftest import free_port, product_process, wait_for_port
from tests.campaigns.sending import large_campaign, plan
from tests.waiting import wait_until

PEOPLE, WORKERS = 20_000, 2
LEAST_SHARE = 0.6


def measure() -> list[Figure]:
    """The share of the bare loop's speed that is left after claims, leases and records."""
    with tempfile.TemporaryDirectory(prefix="jinnuo-bench-") as folder, ExitStack() as running:
        app = create_app(_settings(Path(folder)))
        settings = app.extensions["jinnuo.settings"]
        socket = Path(folder) / "valkey.sock"
        valkey = subprocess.Popen(valkey_command(socket, Path(folder) / "valkey"), stdout=subprocess.DEVNULL)
        running.callback(valkey.wait)
        running.callback(valkey.terminate)
        wait_until(lambda: answers(settings.redis_url))
        running.enter_context(product_process(settings, "gateway", "simulator"))
        wait_for_port(settings.gateway_port)
        with app.app_context(), writing():
            db.create_all()
            Store(store_path(settings)).set_faults({"receipts_off": "1"})
            planning, campaign_id, batches = _prepare()
            bare = _seconds(lambda: _post(gateway_named(), batches))
            for _ in range(WORKERS):
                running.enter_context(product_process(settings, "worker"))
            wait_until(lambda: workers_listening() == WORKERS)
            ours = _seconds(lambda: _send(app, campaign_id))
            bare = min(bare, _seconds(lambda: _post(gateway_named(), _renamed(batches))))
            db.session.remove()
            db.engine.dispose()
    detail = f"bare {bare:.2f} s, ours {ours:.2f} s, planned in {planning:.2f} s"
    return [Figure("20,000 SMS: share of a bare loop's speed", bare / ours, LEAST_SHARE, "x", True, detail)]


def _settings(folder: Path) -> Settings:
    port = free_port()
    given = {"JINNUO_HOME": str(folder), "PORT": str(port), "JINNUO_GATEWAY_PORT": str(free_port())}
    made = Settings.from_environment(given | {"REDIS_URL": f"unix://{folder}/valkey.sock"})
    return dataclasses.replace(made, embedded_redis=False)


def _prepare() -> tuple[float, int, list[list[Outgoing]]]:
    """Seconds of planning, the planned campaign, and its messages as the batches of the bare loop."""
    campaign = large_campaign(PEOPLE)
    controlling.launch(campaign.id, None)
    seconds = _seconds(lambda: plan(campaign))
    query = select(Message.public_id, Message.phone, Message.text).order_by(Message.id)
    messages = [Outgoing(new_key(), phone or "", text) for _key, phone, text in db.session.execute(query)]
    campaign_id = campaign.id
    db.session.commit()
    size = gateway_named().limits.batch
    return seconds, campaign_id, [messages[i : i + size] for i in range(0, PEOPLE, size)]


def _renamed(batches: list[list[Outgoing]]) -> list[list[Outgoing]]:
    return [[dataclasses.replace(message, key=new_key()) for message in batch] for batch in batches]


def _post(gateway: Gateway, batches: list[list[Outgoing]]) -> None:
    for batch in batches:
        gateway.submit(batch)


def _send(app: Flask, campaign_id: int) -> None:
    jobs.start_dispatchers(campaign_id)
    db.session.commit()
    waiting = (Message.campaign_id == campaign_id, Message.state != MessageState.SUBMITTED)

    def all_sent() -> bool:
        left = db.session.scalar(select(exists().where(*waiting)))
        db.session.rollback()
        return not left

    with intending(Intent.READ):
        wait_until(all_sent, seconds=120, every=0.02)


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
