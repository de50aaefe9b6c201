"""Makes bad days: campaigns under way while what carries them is killed, flushed, restarted or lied to.

All is real and in processes of its own: workers, web, Valkey, the simulator as an account that promises
nothing about repeated keys, or does. A number tells what happens: `python -m tests.faults kill --seed 17`.
"""

import dataclasses
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import TypeVar

import psutil
from flask import Flask
from sqlalchemy import create_engine, func, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from app import create_app
from app.config import Settings
from app.core.db import db, writing
from app.core.jobs import enqueue, job_queue, redis_connection, workers_listening
from app.core.runtime.valkey import answers, valkey_command
from campaigns.drafting.models import Campaign
from campaigns.gateways import accounts
from campaigns.gateways.accounts import Entry
from campaigns.gateways.models import GatewayAccount
from campaigns.gateways.simulator import store_path
from campaigns.gateways.simulator_store import Store
from campaigns.ledger import jobs
from campaigns.ledger.models import Message, MessageState
from tests.campaigns.conftest import product_process, wait_for_port
from tests.campaigns.sending import large_campaign, launch, make_due
from tests.ports import free_port
from tests.postgresql import restart as restart_postgresql
from tests.processes import Started
from tests.waiting import wait_until

Found = TypeVar("Found")

ACCOUNT, WORKERS, BATCH = "proof", 2, 50

#: What each run is disturbed by.
KINDS = ("kill", "redis", "gateway", "database")

#: Milliseconds that the simulator takes for a batch, so that a campaign lasts long enough to be caught.
PACE_MS = 20

#: What a message may end as; one in doubt must be explained besides.
ENDS = frozenset({"delivered", "failed", "expired"})


@dataclasses.dataclass
class Run:
    """What one run was, and what came of it. `midway`: the blow fell while messages were left."""

    kind: str
    blow: str
    seed: int
    idempotent: bool
    midway: bool = False
    doubted: int = 0
    explained: int = 0
    repeats: int = 0
    seconds: float = 0.0


class Office:
    """The product with two workers and a web process, beside a Valkey and a simulator."""

    def __init__(self, folder: Path, running: ExitStack, postgresql: str | None = None) -> None:
        self.folder, self.running, self.postgresql = folder, running, postgresql
        self.next_phone = 0
        given = {
            "JINNUO_HOME": str(folder),
            "PORT": str(free_port()),
            "JINNUO_GATEWAY_PORT": str(free_port()),
        }
        given |= {"REDIS_URL": f"unix://{folder}/v.sock", "JINNUO_GATEWAY_TIMEOUT": "1"}
        if postgresql:
            given["DATABASE_URL"] = postgresql
        made = Settings.from_environment(given)
        self.settings = dataclasses.replace(made, embedded_redis=False, embedded_gateway=False)
        self.app: Flask = create_app(self.settings)
        self.valkey = self.start_valkey()
        running.callback(lambda: self.valkey.kill())
        self.workers: list[Started] = []

    def open(self) -> None:
        """Make the database, start the processes, enter the account; within the application's context."""
        with writing():
            db.create_all()
            config = {"base_url": self.settings.gateway_url}
            entry = Entry(
                "proof", "http", True, 1, BATCH, 20_000, False, config, self.settings.gateway_secret
            )
            accounts.enter(ACCOUNT, entry)
            db.session.commit()
        for command in (
            ("gateway", "simulator", "--account", ACCOUNT),
            ("run", "--port", str(self.settings.port)),
        ):
            self.running.enter_context(product_process(self.settings, *command))
        wait_for_port(self.settings.gateway_port)
        wait_for_port(self.settings.port)
        self.store = Store(store_path(self.settings, ACCOUNT))
        self.staff()

    def start_valkey(self) -> "subprocess.Popen[bytes]":
        socket = self.folder / "v.sock"
        started = subprocess.Popen(valkey_command(socket, self.folder / "v"), stdout=subprocess.DEVNULL)
        wait_until(lambda: answers(f"unix://{socket}"), seconds=20)
        return started

    def staff(self) -> None:
        """As many workers as there ought to be."""
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        while len(self.workers) < WORKERS:
            self.workers.append(self.running.enter_context(product_process(self.settings, "worker")))
        wait_until(lambda: workers_listening() >= WORKERS, seconds=120)

    # the blows

    def kill_worker(self, random: Random) -> None:
        victim = random.choice(self.workers)
        victim.kill()
        victim.wait()

    def kill_pool(self, _random: Random) -> None:
        for worker in self.workers:
            worker.kill()
        for worker in self.workers:
            worker.wait()

    def kill_sender(self, _random: Random) -> None:
        """The process that hands over, not the worker that waits for it."""
        for worker in self.workers:
            for child in psutil.Process(worker.pid).children():
                child.kill()
                return

    def flush_redis(self, _random: Random) -> None:
        redis_connection().flushall()

    def restart_redis(self, _random: Random) -> None:
        self.valkey.kill()
        self.valkey.wait()
        self.valkey = self.start_valkey()

    def restart_database(self, _random: Random) -> None:
        assert self.postgresql
        restart_postgresql(self.postgresql)


BLOWS: dict[str, tuple[str, ...]] = {
    "kill": ("kill_worker", "kill_pool", "kill_sender"),
    "redis": ("flush_redis", "restart_redis"),
    "database": ("restart_database",),
    "gateway": (),
}

#: A gateway's bad days: each fault, and how often at most in one campaign.
MODES = {
    "timeout_after_accept": 2,
    "error_before_accept": 3,
    "error_after_accept": 3,
    "reset_before_accept": 3,
    "reset_after_accept": 3,
    "flow_control": 1,
    "receipts_twice": 1,
    "receipts_shuffled": 1,
    "receipts_first": 1,
}


@contextmanager
def an_office(postgresql: str | None = None) -> Iterator[Office]:
    """An office in a folder of its own, its application's context pushed."""
    with tempfile.TemporaryDirectory(prefix="jn-") as folder, ExitStack() as running:
        office = Office(Path(folder), running, postgresql)
        with office.app.app_context():
            office.open()
            yield office
            db.session.remove()
            db.engine.dispose()


@contextmanager
def a_database(server: str) -> Iterator[str]:
    """A database of its own on a PostgreSQL server; its sessions may die with the server."""
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS faults WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE faults"))
    admin.dispose()
    yield admin.url.set(database="faults").render_as_string(hide_password=False)


def disturbed(office: Office, kind: str, seed: int, people: int) -> Run:
    """One campaign with one disturbance at a random moment; raises AssertionError if the books disagree."""
    random = Random(f"{kind}{seed}")
    begun = time.monotonic()
    run = Run(kind, "faults", seed, idempotent=random.random() < 0.5)
    _set_up(office, run, random)
    with writing():
        campaign = large_campaign(people, office.next_phone)
        if office.postgresql:
            db.session.execute(text("ANALYZE"))  # it has no autovacuum in tests
        launch(campaign)
    office.next_phone += people
    if blows := BLOWS[kind]:
        run.blow = random.choice(blows)
        _wait_for(campaign.id, random.randrange(people * 9 // 10), people)
        time.sleep(random.uniform(0, 0.05))
        getattr(office, run.blow)(random)
        run.midway = _settled(lambda: _count(campaign.id, MessageState.PLANNED, MessageState.CLAIMED)) > 0
        office.staff()
    _see_to_the_end(office, campaign, run)
    _compare(office, campaign.id, run)
    run.seconds = time.monotonic() - begun
    return run


def _set_up(office: Office, run: Run, random: Random) -> None:
    office.staff()
    with writing():
        db.session.execute(update(GatewayAccount).values(idempotent=run.idempotent, updated_at=func.now()))
        account = db.session.scalars(select(GatewayAccount)).one()
        accounts.change(account, _entry(account, run.idempotent))
        db.session.commit()
    office.store.clear_faults()
    faults = {"slow_ms": PACE_MS, "receipt_delay_ms": random.choice((0, 200)), "dead_percent": 5}
    if run.kind == "gateway":
        chosen = random.sample(sorted(MODES), 3)
        faults |= {name: random.randint(1, MODES[name]) for name in chosen}
        run.blow = "+".join(sorted(chosen))
        run.midway = True
    office.store.set_faults({name: str(value) for name, value in faults.items()})


def _entry(account: GatewayAccount, idempotent: bool) -> Entry:
    return Entry(account.name, account.kind, True, 1, BATCH, 20_000, idempotent, account.config)


def _wait_for(campaign_id: int, sent: int, people: int) -> None:
    """Until so many messages have left the house."""
    wait_until(
        lambda: _count(campaign_id, MessageState.PLANNED) < people - sent and _is_planned(campaign_id),
        seconds=120,
        every=0.01,
    )


def _is_planned(campaign_id: int) -> bool:
    planned = db.session.scalar(select(Campaign.planned_at).where(Campaign.id == campaign_id)) is not None
    db.session.rollback()
    return planned


def _count(campaign_id: int, *states: MessageState) -> int:
    query = select(func.count()).where(Message.campaign_id == campaign_id, Message.state.in_(states))
    found = db.session.scalar(query) or 0
    db.session.rollback()
    return found


def _by_state(campaign_id: int) -> dict[str, int]:
    query = select(Message.state, func.count()).where(Message.campaign_id == campaign_id)
    found = {str(state): count for state, count in db.session.execute(query.group_by(Message.state))}
    db.session.rollback()
    return found


def _settled(read: Callable[[], Found]) -> Found:
    """The answer of a database that may be just starting again."""
    found: list[Found] = []

    def asked() -> bool:
        try:
            found.append(read())
        except SQLAlchemyError:
            db.session.rollback()
            db.engine.dispose()
            return False
        return True

    wait_until(asked, seconds=60, every=0.2)
    return found[-1]


def _see_to_the_end(office: Office, campaign: Campaign, run: Run) -> None:
    """What the scheduler does, without its patience: every lease is over, sweeps are queued."""
    campaign_id = campaign.id
    seen: list[dict[str, int]] = []

    def over() -> bool:
        in_hand = MessageState.UNKNOWN, MessageState.CLAIMED
        run.doubted = max(run.doubted, _settled(lambda: _count(campaign_id, *in_hand)))
        seen.append(_settled(lambda: _by_state(campaign_id)))
        # at first, and when nothing moves: to take from slow workers what they hold only keeps them from it
        if seen[-1] in (seen[0], *seen[-2:-1]) and not job_queue().count:
            try:
                make_due(db.session.get_one(Campaign, campaign_id))
            except SQLAlchemyError:
                db.session.rollback()
                return False
            jobs._unmark(campaign_id)
            enqueue(jobs.sweep)
            db.session.commit()
        open_ = MessageState.PLANNED, MessageState.CLAIMED, MessageState.SUBMITTED
        return _count(campaign_id, *open_) == 0 and not _asking_helps(office, campaign_id, run)

    time.sleep(0.3)
    wait_until(over, seconds=180, every=0.5)


def _asking_helps(office: Office, campaign_id: int, run: Run) -> bool:
    """Whether a message in doubt could still be settled: the gateway has it, or may be handed it again."""
    doubtful = _keys(campaign_id, MessageState.UNKNOWN)
    return bool(doubtful) and (run.idempotent or bool(office.store.messages(doubtful[:900])))


def _keys(campaign_id: int, *states: MessageState) -> list[str]:
    query = select(Message.public_id).where(Message.campaign_id == campaign_id, Message.state.in_(states))
    found = list(db.session.scalars(query))
    db.session.rollback()
    return found


def _compare(office: Office, campaign_id: int, run: Run) -> None:
    """Ledger = simulator, nothing lost, nothing twice, and a reason for each message in doubt."""
    query = select(Message.public_id, Message.phone, Message.state, Message.code)
    rows = db.session.execute(query.where(Message.campaign_id == campaign_id)).all()
    taken = {one["key"]: one for one in office.store.messages()}
    phones = Counter(one["phone"] for one in taken.values())
    wrong: list[tuple[object, ...]] = []
    for key, phone, state, code in rows:
        outcome = taken[key]["outcome"] if key in taken else None
        explained = state == "unknown" and outcome is None and bool(code) and not run.idempotent
        run.explained += explained
        run.repeats += taken[key]["repeats"] if key in taken else 0
        if phones[phone or ""] > 1 or not (explained or (state in ENDS and state == outcome)):
            wrong.append((key, phone, state, code, outcome))
    db.session.rollback()
    assert not wrong, (run, wrong[:10], len(wrong))
    assert run.idempotent or not run.repeats, (run, "a key was handed over twice without its promise")
