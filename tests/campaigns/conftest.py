"""A gateway to send through: the real simulator over real HTTP, and a real Redis for pace and queue."""

import dataclasses
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from flask import Flask

from app.config import Settings, bind_settings, current_settings
from app.core import code_tables
from app.core.db import db
from app.core.jobs import redis_connection
from campaigns.gateways.simulator import Simulator
from campaigns.gateways.simulator_store import Store
from tests.conftest import Kept, application, sweep_database
from tests.ports import free_port
from tests.processes import Started, start_flask
from tests.waiting import wait_until


@pytest.fixture(scope="session")
def house_app(session_app: Flask, settings: Settings, kept: Kept, valkey: str) -> Flask:
    """An application with a real Redis."""
    with_redis = dataclasses.replace(settings, redis_url=valkey, embedded_redis=False)
    return kept.once("house", settings.database_url, lambda: application(with_redis))


@pytest.fixture
def house(house_app: Flask, settings: Settings, valkey: str, tmp_path: Path) -> Iterator[Flask]:
    """That application with a gateway address and an instance folder of the test's own, its Redis empty."""
    port, gateway_port = free_port(), free_port()
    own = dataclasses.replace(
        settings,
        home=tmp_path,
        redis_url=valkey,
        embedded_redis=False,
        port=port,
        gateway_port=gateway_port,
        gateway_url=f"http://127.0.0.1:{gateway_port}",
        gateway_batch=50,
        # long enough for a busy machine: an answer that comes late would be taken for none
        gateway_timeout_seconds=3.0,
    )
    bind_settings(house_app, own)
    # the one before spoke to another address
    house_app.extensions.pop("gateways", None)
    with house_app.app_context():
        redis_connection().flushall()
        yield house_app
        db.session.remove()
        sweep_database()
        code_tables.forget()


@pytest.fixture
def simulator(house: Flask) -> Iterator[Store]:
    """The simulator, listening; gives its memory."""
    server = Simulator(current_settings())
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    # Nothing is pushed while this server runs: tests say when a receipt arrives.
    quiet = {"receipts_off": "1", "receipt_delay_ms": "3600000", "dead_percent": "0", "expired_percent": "0"}
    server.store.set_faults(quiet)
    yield server.store
    server.shutdown()
    thread.join()
    server.server_close()
    server.store.close()


@pytest.fixture
def process(house: Flask) -> Iterator[Callable[..., Started]]:
    """Starts processes of the product (`worker`, `gateway simulator`, …) on the house's settings."""
    with ExitStack() as running:
        yield lambda *command: running.enter_context(product_process(current_settings(), *command))


@contextmanager
def product_process(settings: Settings, *command: str) -> Iterator[Started]:
    """One `flask …` of the product, stopped at the end."""
    environment = os.environ | {
        "JINNUO_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
        "PORT": str(settings.port),
        "JINNUO_GATEWAY_BATCH": str(settings.gateway_batch),
        "JINNUO_GATEWAY_PORT": str(settings.gateway_port),
        "JINNUO_GATEWAY_TIMEOUT": str(settings.gateway_timeout_seconds),
    }
    started = start_flask(*command, environment=environment)
    try:
        yield started
    finally:
        started.terminate()
        started.wait(timeout=120)


def wait_for_port(port: int) -> None:
    """Until somebody listens there."""

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(listens)
