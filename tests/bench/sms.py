"""20,000 SMS through RQ with two workers, against a bare loop that posts the same batches to the simulator.

Everything is real and in processes of its own: Valkey, the simulator, the workers. The ledger is planned
before the clock starts, as the bare loop's batches are built before it; both write to a simulator that keeps
its receipts to itself and whose memory is emptied before each run, because it takes messages more slowly
the more of them it knows.
"""

import dataclasses
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import psutil
from sqlalchemy import select

from app import create_app
from app.config import Settings
from app.core.db import db, writing
from app.core.jobs import workers_listening
from app.core.valkey import answers, valkey_command
from campaigns.gateways.protocol import Gateway, Outgoing
from campaigns.gateways.registry import gateway as gateway_named
from campaigns.gateways.simulator import store_path
from campaigns.gateways.simulator_store import Store
from campaigns.ledger import jobs
from campaigns.ledger.models import Message, new_key
from campaigns.ledger.services import controlling
from tests.bench.figures import Figure
from tests.campaigns.conftest import product_process, wait_for_port
from tests.campaigns.sending import large_campaign, plan
from tests.ports import free_port
from tests.waiting import wait_until

PEOPLE, WORKERS = 20_000, 2
LEAST_SHARE = 0.6


@dataclasses.dataclass(frozen=True)
class Spent:
    """Seconds on the clock, and seconds of processor of the named processes and their ended children."""

    wall: float
    processor: float


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
        simulator = running.enter_context(product_process(settings, "gateway", "simulator"))
        wait_for_port(settings.gateway_port)
        with app.app_context(), writing():
            db.create_all()
            Store(store_path(settings)).set_faults({"receipts_off": "1"})
            campaign_id, batches = _prepare()
            workers = [running.enter_context(product_process(settings, "worker")) for _ in range(WORKERS)]
            wait_until(lambda: workers_listening() == WORKERS)
            bare_pids = [psutil.Process().pid, simulator.pid]
            bare = _spent(bare_pids, lambda: _post(gateway_named(), batches))
            _empty(settings)
            our_pids = [simulator.pid, *(worker.pid for worker in workers)]
            ours = _spent(our_pids, lambda: _send(settings, campaign_id))
            _empty(settings)
            again = _spent(bare_pids, lambda: _post(gateway_named(), batches))
            db.session.remove()
            db.engine.dispose()
    return [_figure(min(bare, again, key=lambda run: run.wall), ours)]


def _figure(bare: Spent, ours: Spent) -> Figure:
    detail = (
        f"bare {bare.wall:.2f} s, ours {ours.wall:.2f} s; "
        f"processor bare {bare.processor:.2f} s, ours {ours.processor:.2f} s"
    )
    name = "20,000 SMS: share of a bare loop's speed"
    return Figure(name, bare.wall / ours.wall, LEAST_SHARE, "x", True, detail)


def _settings(folder: Path) -> Settings:
    port = free_port()
    given = {"JINNUO_HOME": str(folder), "PORT": str(port), "JINNUO_GATEWAY_PORT": str(free_port())}
    made = Settings.from_environment(given | {"REDIS_URL": f"unix://{folder}/valkey.sock"})
    return dataclasses.replace(made, embedded_redis=False)


def _prepare() -> tuple[int, list[list[Outgoing]]]:
    """The planned campaign, and its messages as the batches of the bare loop."""
    campaign = large_campaign(PEOPLE)
    controlling.launch(campaign.id, None)
    plan(campaign)
    query = select(Message.phone, Message.text).order_by(Message.id)
    messages = [Outgoing(new_key(), phone or "", text) for phone, text in db.session.execute(query)]
    campaign_id = campaign.id
    db.session.commit()
    size = gateway_named().limits.batch
    return campaign_id, [messages[i : i + size] for i in range(0, PEOPLE, size)]


def _empty(settings: Settings) -> None:
    with closing(sqlite3.connect(store_path(settings))) as store, store:
        store.execute("delete from accepted")


def _post(gateway: Gateway, batches: list[list[Outgoing]]) -> None:
    for batch in batches:
        gateway.submit(batch)


def _send(settings: Settings, campaign_id: int) -> None:
    """Wake the workers and wait. Looks past SQLAlchemy, so that looking costs them next to nothing."""
    query = "select 1 from messages where campaign_id = ? and state <> 'submitted' limit 1"
    with closing(sqlite3.connect(settings.home / "jinnuo.db")) as ledger:
        jobs.start_dispatchers(campaign_id)
        db.session.commit()
        wait_until(lambda: not ledger.execute(query, (campaign_id,)).fetchall(), seconds=120, every=0.01)


def _spent(pids: list[int], work: Callable[[], object]) -> Spent:
    before, begun = _processor(pids), time.perf_counter()
    work()
    wall = time.perf_counter() - begun
    time.sleep(0.5)  # until the forked children have ended and are counted
    return Spent(wall, _processor(pids) - before)


def _processor(pids: list[int]) -> float:
    return sum(sum(psutil.Process(pid).cpu_times()[:4]) for pid in pids)
