"""Messages through RQ with two workers, against a bare loop that posts the same batches to the simulator,
and against one RQ job for each message.

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
from rq import Queue
from sqlalchemy import select

from app import create_app
from app.config import Settings
from app.core.db import db, writing
from app.core.jobs import job_queue, workers_listening
from app.core.runtime.valkey import answers, valkey_command
from campaigns.gateways.protocol import Gateway, Outgoing
from campaigns.gateways.registry import gateway as gateway_named
from campaigns.gateways.simulator import store_path
from campaigns.gateways.simulator_store import Store
from campaigns.ledger import jobs
from campaigns.ledger.models import Message, new_key
from campaigns.ledger.services import controlling
from tests.bench.figures import Figure
from tests.bench.single_job import submit_one
from tests.campaigns.conftest import product_process, wait_for_port
from tests.campaigns.sending import large_campaign, plan
from tests.ports import free_port
from tests.waiting import wait_until

WORKERS = 2
#: messages of a campaign, and the least share of the bare loop's speed
GOALS = {20_000: 0.6, 100_000: 0.8}
#: messages that go one job each; more would say the same
SINGLE, LEAST_TIMES = 1_000, 20.0


@dataclasses.dataclass(frozen=True)
class Spent:
    """Seconds on the clock, and seconds of processor of the named processes and their ended children."""

    wall: float
    processor: float


def measure() -> list[Figure]:
    """The share of the bare loop's speed that is left after claims, leases and records; and how much faster
    than by single jobs the messages go.

    Each campaign has a department of its own: beside another one of the same day caps are looked at as well.
    """
    return [figure for people in GOALS for figure in _measured(people)]


def _measured(people: int) -> list[Figure]:
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
            pids = [running.enter_context(product_process(settings, "worker")).pid for _ in range(WORKERS)]
            wait_until(lambda: workers_listening() == WORKERS)
            figures = [_campaign(settings, simulator.pid, pids, people)]
            if people == max(GOALS):
                figures.append(_single_jobs(settings, figures[0]))
            db.session.remove()
            db.engine.dispose()
    return [figure for figure, _speed in figures]


def _campaign(settings: Settings, simulator: int, workers: list[int], people: int) -> tuple[Figure, float]:
    """The share, and how many messages a second went."""
    campaign_id, batches = _prepare(people)
    bare_pids, our_pids = [psutil.Process().pid, simulator], [simulator, *workers]
    bare = _spent(bare_pids, lambda: _post(gateway_named(), batches))
    _empty(settings)
    ours = _spent(our_pids, lambda: _send(settings, campaign_id))
    _empty(settings)
    again = _spent(bare_pids, lambda: _post(gateway_named(), batches))
    _empty(settings)
    figure = _figure(min(bare, again, key=lambda run: run.wall), ours, people)
    return figure, people / ours.wall


def _single_jobs(settings: Settings, campaign: tuple[Figure, float]) -> tuple[Figure, float]:
    """How many times as fast the campaign's messages went as those that are one job each."""
    queue = job_queue()
    begun = time.perf_counter()
    queue.enqueue_many([Queue.prepare_data(submit_one, (number,)) for number in range(SINGLE)])
    with closing(sqlite3.connect(store_path(settings))) as store:
        query = "select count(*) from accepted"
        wait_until(lambda: store.execute(query).fetchone()[0] == SINGLE, seconds=300, every=0.05)
    speed = SINGLE / (time.perf_counter() - begun)
    detail = f"{campaign[1]:.0f} messages a second to {speed:.0f}"
    name = f"{max(GOALS):,} SMS: to one RQ job for each message"
    return Figure(name, campaign[1] / speed, LEAST_TIMES, "x", True, detail), speed


def _figure(bare: Spent, ours: Spent, people: int) -> Figure:
    detail = (
        f"bare {bare.wall:.2f} s, ours {ours.wall:.2f} s; "
        f"processor bare {bare.processor:.2f} s, ours {ours.processor:.2f} s"
    )
    name = f"{people:,} SMS: share of a bare loop's speed"
    return Figure(name, bare.wall / ours.wall, GOALS[people], "x", True, detail)


def _settings(folder: Path) -> Settings:
    port = free_port()
    given = {"JINNUO_HOME": str(folder), "PORT": str(port), "JINNUO_GATEWAY_PORT": str(free_port())}
    made = Settings.from_environment(given | {"REDIS_URL": f"unix://{folder}/valkey.sock"})
    return dataclasses.replace(made, embedded_redis=False)


def _prepare(people: int) -> tuple[int, list[list[Outgoing]]]:
    """The planned campaign, and its messages as the batches of the bare loop."""
    campaign = large_campaign(people, first=people)
    controlling.launch(campaign.id, None)
    plan(campaign)
    query = select(Message.phone, Message.text).where(Message.campaign_id == campaign.id).order_by(Message.id)
    messages = [Outgoing(new_key(), phone or "", text) for phone, text in db.session.execute(query)]
    campaign_id = campaign.id
    db.session.commit()
    size = gateway_named().limits.batch
    return campaign_id, [messages[i : i + size] for i in range(0, people, size)]


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
        wait_until(lambda: not ledger.execute(query, (campaign_id,)).fetchall(), seconds=300, every=0.01)


def _spent(pids: list[int], work: Callable[[], object]) -> Spent:
    before, begun = _processor(pids), time.perf_counter()
    work()
    wall = time.perf_counter() - begun
    time.sleep(0.5)  # until the forked children have ended and are counted
    return Spent(wall, _processor(pids) - before)


def _processor(pids: list[int]) -> float:
    return sum(sum(psutil.Process(pid).cpu_times()[:4]) for pid in pids)
