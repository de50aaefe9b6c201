"""What a department's size costs: the same pages among 10,000, 100,000 and a million employers.

Each page's 95th percentile at the largest size is compared with that at the smallest, and with the bare page:
its own statements through the driver in a minimal Flask page. The sizes are read from BENCH_SIZES (numbers
with commas between), as a million employers take some ten minutes to make on each database. BENCH_KEPT names
a folder that keeps the departments for the next time (PostgreSQL's in the server of TEST_DATABASE_URL).
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from flask import Flask, url_for
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import create_engine, func, select, text

from app import create_app
from app.accounts.demo import load
from app.accounts.models import User
from app.config import PROJECT, Settings
from app.core.bulk import Columns, insert_columns
from app.core.db import db, writing
from app.core.demo import Demo
from app.core.listing import paging
from app.core.timeline import TimelineEntry
from app.employers.lists import EMPLOYERS
from app.employers.models import Employer
from app.employers.policy import visible_to
from tests.bench.figures import Figure, p95
from tests.bench.offices import MOMENT, OF_FEW, fill
from tests.bench.pages import WHO, bare_page, discard, in_turn, sign_in, statements_of
from tests.conftest import fresh_postgresql_database
from tests.postgresql import a_server

SIZES = tuple(int(one) for one in os.environ.get("BENCH_SIZES", "10000,100000,1000000").split(","))
KEPT = Path(os.environ["BENCH_KEPT"]) if "BENCH_KEPT" in os.environ else None
MOST_GROWTH, MOST_TIMES, MOST_SECONDS = 1.5, 2.0, 1.0
#: stands in the folder of a department that is whole
FILLED = "filled"
MERGE = "preview of a merge"
#: rows of other tables that go along in the merge that is previewed
MOVING = 5_000


def measure() -> list[Figure]:
    """On each database that is there: each page's growth and ratio to the bare page, a merge's preview."""
    figures = _measured("SQLite", None)
    with a_server() as server:
        return figures + (_measured("PostgreSQL", server) if server else [])


def _measured(name: str, server: str | None) -> list[Figure]:
    taken = {size: _at(size, server) for size in SIZES}
    small, large = min(SIZES), max(SIZES)
    preview = max(pages.pop(MERGE)[0] for pages in taken.values())
    figures = [Figure(f"{name}: {MERGE} of {MOVING:,} rows", preview, MOST_SECONDS, " s")]
    for page, (ours, bare) in taken[large].items():
        before = taken[small][page][0]
        grown = f"{ours * 1000:.1f} ms to {before * 1000:.1f} ms"
        beside = f"{ours * 1000:.1f} ms to {bare * 1000:.1f} ms"
        figures += [
            Figure(f"{name}, {page}: {large:,} to {small:,}", ours / before, MOST_GROWTH, "x", detail=grown),
            Figure(f"{name}, {page}: to bare at {large:,}", ours / bare, MOST_TIMES, "x", detail=beside),
        ]
    return figures


def _at(size: int, server: str | None) -> dict[str, tuple[float, float]]:
    """Seconds at the 95th percentile of each page in a department of this size, ours and bare."""
    with department(size, server) as app:
        with app.test_request_context():
            pages = pages_of(size)
        clients: dict[str, FlaskClient] = {}
        for who in dict.fromkeys(who for who, _url in pages.values()):
            sign_in(clients.setdefault(who, app.test_client()), who)
        found = {}
        clock = _clock(app, server)
        for name, (who, url) in pages.items():
            client = clients[who]
            bare = bare_page(app, statements_of(app, client, url))
            ours, without = in_turn(partial(client.get, url), bare, clock=clock)
            found[name] = (p95(ours), p95(without))
        return found


@contextmanager
def department(size: int, server: str | None) -> Iterator[Flask]:
    """An application over a department of this size, which is made unless it was kept."""
    name = f"{'postgresql' if server else 'sqlite'}-{size}"
    with ExitStack() as stack:
        home = KEPT / name if KEPT else Path(tempfile.mkdtemp(prefix="jinnuo-bench-"))
        values = {"JINNUO_HOME": str(home)}
        if server and KEPT:
            values["DATABASE_URL"] = _kept_database(server, name)
        elif server:
            values["DATABASE_URL"] = stack.enter_context(fresh_postgresql_database(server))
        app = create_app(Settings.from_environment(values))
        app.config["WTF_CSRF_ENABLED"] = False
        if not KEPT:
            stack.callback(discard, app)
        with app.app_context(), writing():
            upgrade(directory=str(PROJECT / "migrations"))
        if not (home / FILLED).exists():
            _fill(app, size)
            (home / FILLED).touch()
        yield app


def _kept_database(server: str, name: str) -> str:
    """The URL of the database of this name, which is created where it is not there yet."""
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        if not connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}):
            connection.execute(text(f'CREATE DATABASE "{name}"'))
    return admin.url.set(database=name).render_as_string(hide_password=False)


def _fill(app: Flask, size: int) -> None:
    with app.app_context(), writing():
        load(Demo())
        db.session.commit()
    fill(app, size)


def _clock(app: Flask, server: str | None) -> Callable[[], float]:
    """Seconds of processor time, with those of the server's processes that work for this one.

    A server of another machine shows only the time on the wall.
    """
    if server is None:
        return time.process_time
    with app.app_context():
        query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        spent = [Path(f"/proc/{pid}/schedstat") for pid in db.session.scalars(text(query))]
    if not all(path.exists() for path in spent):
        return time.perf_counter
    return lambda: time.process_time() + sum(int(path.read_text().split()[0]) for path in spent) / 1e9


def pages_of(size: int) -> dict[str, tuple[str, str]]:
    """Who opens which address; the employer that is shown and the one that is merged are like all others."""
    manager = db.session.scalars(select(User).where(User.username == WHO)).unique().one()
    kept, merged, shown = db.session.scalars(select(Employer.id).where(visible_to(manager)).limit(3)).all()
    _tell_much_of(merged)
    # what nearly all have in common, asked by those who see few
    common = {
        f"{page}, {who}": (who, url_for(endpoint, q="公司"))
        for who in OF_FEW
        for page, endpoint in (("common word", "employers.search"), ("list of it", "employers.index"))
    }
    pages = {
        "first page": url_for("employers.index"),
        "deep page": url_for("employers.index", sort="name", after=_cursor(size * 4 // 5)),
        "two filters": "/employers?stage.in=in_arrears&heads.ge=10",
        "two characters": url_for("employers.search", q="科技"),
        "common word": url_for("employers.search", q="公司"),
        "list of it": url_for("employers.index", q="公司"),
        "an employer": url_for("employers.show", employer_id=shown),
        "leads": url_for("leads.index"),
        MERGE: url_for("merging.compare", kept_id=kept, merged_id=merged),
    }
    return {name: (WHO, url) for name, url in pages.items()} | common


def _tell_much_of(employer_id: int) -> None:
    """Gives the employer that is merged a long story, once."""
    story = select(func.count()).where(TimelineEntry.employer_id == employer_id)
    if (db.session.scalar(story) or 0) < MOVING:
        with writing():
            values = {"employer_id": employer_id, "kind": "employer", "summary": "Note", "at": MOMENT}
            columns: Columns = {name: [value] * MOVING for name, value in values.items()}
            insert_columns(db.metadata.tables[TimelineEntry.__tablename__], columns)
            db.session.commit()


def _cursor(offset: int) -> str:
    """What the address of the page after so many employers by name holds."""
    order = EMPLOYERS.order("name")
    columns = (Employer.name.label("sort_value"), Employer.id.label("sort_id"))
    query = select(*columns).order_by(*order.clauses()).offset(offset).limit(1)
    return paging.cursor(db.session.execute(query).one(), order)
