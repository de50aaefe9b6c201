"""The ground every test stands on: a real database of each dialect, and an application over it."""

import os
import secrets
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import TypeVar, cast

import pytest
from argon2 import PasswordHasher
from flask import Flask, g
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as examples
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from app import create_app
from app.audit.models import AuditEvent, anchor_path, protect, unprotect
from app.config import Settings
from app.core import code_tables
from app.core.db import db
from app.core.personal.keys import key_path
from app.core.runtime.valkey import answers, valkey_command
from app.core.signing_in import passwords
from app.core.web.limits import limiter
from tests.postgresql import a_server
from tests.waiting import wait_until

Made = TypeVar("Made")

# A busy machine draws and runs examples slowly, which is no fault of what is tested.
examples.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
examples.load_profile("house")


class CompiledOnce(BytecodeCache):
    """Templates in the form that Jinja compiles them to: what one application has read, the next need not."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = CompiledOnce()

SHARED = Path(os.environ.get("JINNUO_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real-world inputs beside the repository; tests that need them skip where they are absent."""
    data = SHARED / "data"
    if not data.is_dir():
        pytest.skip(f"real inputs are not at {data}: set JINNUO_SHARED")
    return data


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql", "both"),
        default="both",
        help="which databases to test on",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "dialect" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--database")
        dialects = ["sqlite", "postgresql"] if chosen == "both" else [chosen]
        if one := metafunc.definition.get_closest_marker("databases"):
            # what is marked for SQLite alone does not differ and runs anywhere; the other is skipped
            anywhere = dialects[:1] if "sqlite" in one.args else []
            dialects = [dialect for dialect in dialects if dialect in one.args] or anywhere
        metafunc.parametrize("dialect", dialects, scope="session")


class Kept:
    """What was made for a database and stays until the end.

    Files take turns of the databases, so a fixture of the session is asked for anew with each file.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._made: dict[tuple[str, str], object] = {}

    def once(self, name: str, url: str, make: Callable[[], AbstractContextManager[Made]]) -> Made:
        """What ``make`` gives, entered at the first call for the name and the database, left at the end."""
        if (name, url) not in self._made:
            self._made[name, url] = self._stack.enter_context(make())
        return cast(Made, self._made[name, url])


@pytest.fixture(scope="session")
def kept() -> Iterator[Kept]:
    with ExitStack() as stack:
        yield Kept(stack)


@pytest.fixture(scope="session")
def postgresql_url(kept: Kept) -> str:
    """A server's URL without a database: TEST_DATABASE_URL, or a private cluster on a Unix socket."""
    if url := kept.once("server", "", a_server):
        return url
    pytest.skip("PostgreSQL server binaries are not installed and TEST_DATABASE_URL is not set")


@pytest.fixture(scope="session")
def database_url(
    dialect: str, kept: Kept, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> str:
    """A database of the dialect, made once and swept after each test."""
    if dialect == "sqlite":
        folder = kept.once("folder", dialect, lambda: nullcontext(tmp_path_factory.mktemp("sqlite")))
        return f"sqlite:///{folder / 'jinnuo.db'}"
    server = request.getfixturevalue("postgresql_url")
    return kept.once("database", dialect, lambda: fresh_postgresql_database(server))


class fresh_postgresql_database:
    """Creates a database on the server and drops it afterwards."""

    def __init__(self, server: str) -> None:
        self._admin = create_engine(server, isolation_level="AUTOCOMMIT")
        self._name = f"jinnuo_{secrets.token_hex(6)}"

    def __enter__(self) -> str:
        with self._admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{self._name}"'))
        return self._admin.url.set(database=self._name).render_as_string(hide_password=False)

    def __exit__(self, *_: object) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{self._name}" WITH (FORCE)'))
        self._admin.dispose()


@pytest.fixture(scope="session", autouse=True)
def light_passwords() -> Iterator[PasswordHasher]:
    """Real argon2id at its lowest price, as tests sign in by the hundred; gives the product's own."""
    full, passwords.hasher = passwords.hasher, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    yield full
    passwords.hasher = full


@pytest.fixture(scope="session")
def settings(database_url: str, kept: Kept, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    def made() -> AbstractContextManager[Settings]:
        home = tmp_path_factory.mktemp("home")
        values = {"JINNUO_HOME": str(home), "DATABASE_URL": database_url, "SECRET_KEY": secrets.token_hex(32)}
        return nullcontext(Settings.from_environment(values))

    return kept.once("settings", database_url, made)


@pytest.fixture(scope="session")
def session_app(settings: Settings, kept: Kept) -> Flask:
    return kept.once("app", settings.database_url, lambda: application(settings))


def read_backwards(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """A statement that names no order gets its rows from the last to the first.

    PostgreSQL gives them as they lie on the disk, which is the order of writing until somebody changes a row:
    what relies on it would fail now and then, on one database. So it fails always, on the other.
    """
    cursor = connection.cursor()
    cursor.execute("PRAGMA reverse_unordered_selects = ON")
    cursor.close()


@contextmanager
def application(settings: Settings) -> Iterator[Flask]:
    """The application as tests use it; the tables are made where they are not yet."""
    app = create_app(settings)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    app.jinja_env.bytecode_cache = COMPILED
    # every test knocks from the same address; the test of the limit turns it on
    limiter.enabled = False
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", read_backwards)
        db.create_all()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def app(session_app: Flask) -> Iterator[Flask]:
    """The application inside its context; every row the test commits is gone afterwards."""
    with session_app.app_context():
        yield session_app
        db.session.remove()
        sweep_database()
        code_tables.forget()


def sweep_database() -> None:
    """Empties every table that a test has filled; its ids then start from one again.

    Of all tables few hold rows after a test, and to empty an empty one costs as much as a full one.
    """
    with db.engine.begin() as connection:
        if is_postgresql := connection.dialect.name == "postgresql":
            # nothing looks after foreign keys and triggers: all of it goes, in any order
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        else:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        filled = connection.exec_driver_sql(_which_tables_hold_rows()).scalars().all()
        has_events = AuditEvent.__tablename__ in filled
        if has_events:
            unprotect(connection)
        for name in filled:
            # what a test has filled with thousands of rows must not stay behind as dead ones
            large = is_postgresql and connection.exec_driver_sql(f"SELECT {_is_large(name)}").scalar()
            emptied = f"TRUNCATE {name} CASCADE" if large else f"DELETE FROM {name}"  # noqa: S608 - our own names
            connection.exec_driver_sql(emptied)
        if has_events:
            protect(connection)
        if is_postgresql:
            connection.exec_driver_sql(RESTART_IDS)
    anchor_path().unlink(missing_ok=True)
    key_path().unlink(missing_ok=True)


def _is_large(name: str) -> str:
    return f"pg_relation_size('{name}') > 1000000"


#: PostgreSQL counts on after a deletion, and after a transaction that was taken back.
RESTART_IDS = (
    "SELECT setval(quote_ident(sequencename)::regclass, start_value, false) "
    "FROM pg_sequences WHERE last_value IS NOT NULL"
)


@cache
def _which_tables_hold_rows() -> str:
    """One statement; children stand before their parents, so that nothing is looked for among them."""
    names = [table.name for table in reversed(db.metadata.sorted_tables)]
    return " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in names)  # noqa: S608


class CommittingClient(FlaskClient):
    """A browser of the test: what the test has built so far is committed before each request."""

    def open(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        db.session.commit()
        _forget_last_request()
        response = super().open(*args, **kwargs)  # type: ignore[arg-type]
        _forget_last_request()
        db.session.rollback()
        return response


def _forget_last_request() -> None:
    """The test's own application context stays open, and with it the user and language of a request."""
    for name in list(g):
        g.pop(name)


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    """The URL of a real Valkey of this test session."""
    # Not under pytest's folder: a socket's path has to be short.
    with tempfile.TemporaryDirectory(prefix="jinnuo-valkey-") as folder:
        socket = Path(folder) / "valkey.sock"
        url = f"unix://{socket}"
        server = subprocess.Popen(valkey_command(socket, Path(folder)), stdout=subprocess.DEVNULL)
        try:
            wait_until(lambda: answers(url))
            yield url
        finally:
            server.terminate()
            server.wait(timeout=120)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    app.test_client_class = CommittingClient
    return app.test_client()
