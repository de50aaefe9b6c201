"""The main pages on the demonstration department: how many queries, and how much beyond them.

A page is compared with two minimal Flask pages that run the very same statements and say "ok". The bare one
hands them to the driver and fetches what comes; the one with a session asks as a page of this stack does that
knows its SQL, by `db.session.execute(text(…), …).all()`, without any record. What is above the first is
SQLAlchemy's and ours, what is above the second is ours: who is signed in, records, permissions, templates.
"""

import gc
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import TextClause, event, select, text

from app import create_app
from app.accounts.demo import PASSWORD
from app.accounts.models import User
from app.config import PROJECT, Settings
from app.core.db import db, prepare_engine
from app.employers.models import Employer, Stage
from app.employers.policy import visible_to
from campaigns.drafting.models import Campaign
from tests.bench.figures import Figure, p95

RUNS, WARMING = 60, 5
#: a manager sees the most of a branch
WHO = "manager"
MOST_QUERIES, MOST_TIMES = 12, 3.0
Statement = tuple[str, Any]


def measure() -> list[Figure]:
    """Three figures for each page: its queries, and the ratios of the 95th percentiles."""
    app = demo_app()
    client = app.test_client()
    sign_in(client)
    with app.app_context():
        pages = main_pages()
    # as wsgi.py does, for both pages: what was loaded before the first request is no garbage of a page
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    try:
        return [figure for name, url in pages.items() for figure in _figures(app, client, name, url)]
    finally:
        discard(app)


def _figures(app: Flask, client: FlaskClient, name: str, url: str) -> list[Figure]:
    statements = statements_of(app, client, url)
    runs = in_turn(partial(client.get, url), bare_page(app, statements), session_page(app, statements))
    ours, bare, session = map(p95, runs)
    return [
        Figure(f"{name}: queries", len(statements), MOST_QUERIES),
        _ratio(f"{name}: p95 to the bare page", ours, bare),
        _ratio(f"{name}: p95 to a page with a session", ours, session),
    ]


def _ratio(name: str, ours: float, other: float) -> Figure:
    detail = f"{ours * 1000:.1f} ms to {other * 1000:.1f} ms"
    return Figure(name, ours / other, MOST_TIMES, "x", detail=detail)


def demo_app(url: str = "") -> Flask:
    """An application with the demonstration department, over an empty database or a fresh SQLite one."""
    home = Path(tempfile.mkdtemp(prefix="jinnuo-bench-"))
    app = create_app(Settings.from_environment({"JINNUO_HOME": str(home), "DATABASE_URL": url}))
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        upgrade(directory=str(PROJECT / "migrations"))
    result = app.test_cli_runner().invoke(args=["demo", "load"])
    if result.exception:
        raise result.exception
    return app


def discard(app: Flask) -> None:
    """Close and remove what `demo_app` made."""
    with app.app_context():
        db.engine.dispose()
    shutil.rmtree(app.instance_path, ignore_errors=True)


def sign_in(client: FlaskClient, who: str = WHO) -> None:
    client.post("/login", data={"username": who, "password": PASSWORD})
    if client.get("/").status_code != 200:
        raise RuntimeError(f"{who} of the demonstration cannot sign in")


def main_pages() -> dict[str, str]:
    """The twelve pages that an office opens all day."""
    manager = db.session.scalars(select(User).where(User.username == WHO)).unique().one()
    behind = select(Employer.id).where(visible_to(manager), Employer.stage == Stage.IN_ARREARS)
    campaign = select(Campaign.id).order_by(Campaign.id)
    return {
        "my day": "/",
        "tasks": "/tasks",
        "employers": "/employers",
        "employers, filtered": "/employers?stage.in=in_arrears&heads.ge=10",
        "an employer": f"/employers/{db.session.scalars(behind.order_by(Employer.heads.desc())).first()}",
        "search": "/search?q=%E7%A7%91%E6%8A%80",
        "leads": "/leads",
        "visits": "/visits",
        "imports": "/imports",
        "campaigns": "/campaigns",
        "a campaign": f"/campaigns/{db.session.scalars(campaign).first()}",
        "dashboard": "/dashboard",
    }


def statements_of(app: Flask, client: FlaskClient, url: str) -> list[Statement]:
    """What a warmed-up page asks of the database, BEGIN and pragmas aside."""
    found: list[Statement] = []

    def note(_conn: Any, _cursor: Any, sql: str, parameters: Any, _context: Any, _many: bool) -> None:
        if not sql.startswith(("BEGIN", "PRAGMA", "SET ")):
            found.append((sql, parameters))

    client.get(url)
    with app.app_context():
        engine = db.engine
    with listening(engine, note):
        response = client.get(url)
    if response.status_code != 200:
        raise RuntimeError(f"{url}: {response.status}")
    return found


@contextmanager
def listening(engine: Any, listener: Callable[..., None]) -> Iterator[None]:
    event.listen(engine, "before_cursor_execute", listener)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", listener)


def bare_page(app: Flask, statements: list[Statement]) -> Callable[[], Any]:
    """A minimal Flask page that runs the statements through the driver."""
    with app.app_context():
        engine = db.engine
    minimal = Flask("bare")

    @minimal.get("/")
    def page() -> str:
        with engine.connect() as connection:
            for sql, parameters in statements:
                connection.exec_driver_sql(sql, parameters).all()
        return "ok"

    client = minimal.test_client()
    return lambda: client.get("/")


def session_page(app: Flask, statements: list[Statement]) -> Callable[[], Any]:
    """A minimal Flask page that runs the statements through a session of Flask-SQLAlchemy."""
    minimal = Flask("session")
    names = ("SQLALCHEMY_DATABASE_URI", "SQLALCHEMY_ENGINE_OPTIONS")
    minimal.config.from_mapping({name: app.config[name] for name in names})
    db.init_app(minimal)
    with minimal.app_context():
        prepare_engine(db.engine)
    texts = [as_text(*statement) for statement in statements]

    @minimal.get("/")
    def page() -> str:
        for statement, parameters in texts:
            db.session.execute(statement, parameters).all()
        return "ok"

    client = minimal.test_client()
    return lambda: client.get("/")


#: what is in quotation marks, and the marks of parameters as SQLite and PostgreSQL are given them
_QUOTED_OR_PARAMETER = re.compile(r"""'(?:[^']|'')*'|"[^"]*"|\?|%\((\w+)\)s|%%""")


def as_text(sql: str, parameters: Any) -> tuple[TextClause, dict[str, Any]]:
    """A statement of the driver as `text` takes it, its parameters by name."""
    by_name = isinstance(parameters, Mapping)
    given = dict(parameters) if by_name else {f"p{at}": value for at, value in enumerate(parameters)}
    names = iter(given)

    def named(found: re.Match[str]) -> str:
        if found[0] == "?":
            return f":{next(names)}"
        if found[1]:
            return f":{found[1]}"
        return found[0].replace(":", "\\:").replace("%%", "%" if by_name else "%%")

    return text(_QUOTED_OR_PARAMETER.sub(named, sql)), given


def in_turn(*calls: Callable[[], Any], clock: Callable[[], float] = time.process_time) -> list[list[float]]:
    """Seconds of each run of each call, after a few to warm up.

    In turn, as the machine's speed drifts; by the processor's clock, as others work on it too, unless a
    server of another process does part of the work.
    """
    taken: list[list[float]] = [[] for _call in calls]
    for run in range(RUNS + WARMING):
        for call, seconds in zip(calls, taken, strict=True):
            begun = clock()
            call()
            if run >= WARMING:
                seconds.append(clock() - begun)
    return taken
