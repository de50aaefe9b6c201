"""The schema that migrations build is the one the models describe, on both databases."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Float,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    func,
    inspect,
    select,
)
from sqlalchemy.types import Integer

from app import create_app
from app.accounts.queries import root_branch
from app.config import PROJECT, Settings
from app.core.db import db
from app.core.rules.legal import LegalBasis
from tests.conftest import fresh_postgresql_database

MIGRATIONS = str(PROJECT / "migrations")
#: the schema that offices run: what comes after it must carry their rows along
LAST_RELEASE = "0064"
#: what the application makes anew by itself
DERIVED = {"employer_search"}


@pytest.fixture
def empty(dialect: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """An application over a database without any table."""
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'empty.db'}"
        if dialect == "postgresql":
            server = request.getfixturevalue("postgresql_url")
            url = stack.enter_context(fresh_postgresql_database(server))
        values = {"JINNUO_HOME": str(tmp_path), "DATABASE_URL": url, "SECRET_KEY": secrets.token_hex(32)}
        app = create_app(Settings.from_environment(values))
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()


def test_migrations_are_one_chain_in_the_order_of_their_numbers() -> None:
    scripts = ScriptDirectory(MIGRATIONS)
    assert len(scripts.get_heads()) == 1
    chain = [script.revision for script in scripts.walk_revisions()][::-1]
    assert chain == [f"{number:04d}" for number in range(1, len(chain) + 1)]
    files = sorted(path.name for path in Path(scripts.versions).glob("*.py"))
    assert [name.partition("_")[0] for name in files] == chain, "a file is named after its revision"
    assert LAST_RELEASE in chain


def test_migrations_build_what_the_models_describe_and_leave_no_drift(empty: Flask) -> None:
    upgrade(directory=MIGRATIONS)
    check(directory=MIGRATIONS)
    assert set(db.metadata.tables) <= set(inspect(db.engine).get_table_names())


def test_a_migrated_database_has_its_root_branch_and_the_law(empty: Flask) -> None:
    upgrade(directory=MIGRATIONS)
    root = root_branch()
    assert root.path == f"/{root.id}/"
    codes = set(db.session.scalars(select(LegalBasis.code)))
    assert {"register", "register_in_time"} <= codes


def test_migrations_can_be_taken_back(empty: Flask) -> None:
    upgrade(directory=MIGRATIONS)
    downgrade(directory=MIGRATIONS, revision="base")
    left = {name for name in inspect(db.engine).get_table_names() if not name.startswith("sqlite_")}
    assert left == {"alembic_version"}


def test_an_office_of_the_last_release_keeps_every_row(empty: Flask) -> None:
    upgrade(directory=MIGRATIONS, revision=LAST_RELEASE)
    before = _fill_every_table()
    upgrade(directory=MIGRATIONS)
    check(directory=MIGRATIONS)
    kept = MetaData()
    kept.reflect(db.engine)
    with db.engine.connect() as connection:
        after = {name: _rows(connection, kept.tables[name]) for name in before}
    assert {name: after[name] for name in before.keys() - DERIVED if after[name] < before[name]} == {}


def test_of_letters_that_share_a_tracking_number_the_last_posted_keeps_it(empty: Flask) -> None:
    upgrade(directory=MIGRATIONS, revision="0062")
    _fill_every_table()
    before = MetaData()
    before.reflect(db.engine, only=("letters",))
    table = before.tables["letters"]
    with db.engine.begin() as connection:
        one = dict(connection.execute(select(table)).mappings().one())
        for n, (day, number) in enumerate(
            ((12, "XA1"), (11, "XA1"), (11, ""), (11, ""), (11, None)), start=100
        ):
            own = {"id": n, "serial": n, "token": f"t{n}", "code": f"c{n}", "order_key": f"k{n}"}
            posted = {"posted_on": date(2026, 10, day), "tracking_no": number}
            connection.execute(table.insert().values(one | own | posted))
    upgrade(directory=MIGRATIONS)
    kept = select(table.c.id, table.c.tracking_no).order_by(table.c.id)
    with db.engine.connect() as connection:
        numbers = {row.id: row.tracking_no for row in connection.execute(kept)}
    assert numbers == {one["id"]: "7", 100: "XA1", 101: None, 102: None, 103: None, 104: None}


def _fill_every_table() -> dict[str, int]:
    """One row in each table, as the database itself describes it; how many rows each has then."""
    schema = MetaData()
    schema.reflect(db.engine)
    made: dict[str, Any] = {}
    counts = {}
    with db.engine.begin() as connection:
        for table in schema.sorted_tables:
            if table.name == "alembic_version" or table.name.startswith("employer_search_fts"):
                continue
            connection.execute(table.insert().values(_row(table, made)))
            made[table.name] = connection.execute(select(table).limit(1)).mappings().one()
            counts[table.name] = _rows(connection, table)
    return counts


def _rows(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _row(table: Table, made: dict[str, Any]) -> dict[str, Any]:
    row = {}
    for column in table.columns:
        target = next(iter(column.foreign_keys), None)
        if target is not None:
            found = made.get(target.column.table.name)
            row[column.name] = found[target.column.name] if found else None
        elif column.name != "id" or not column.autoincrement or isinstance(column.type, String):
            row[column.name] = _value(column)
    if "id" in row and row["id"] is None:
        del row["id"]
    return row


def _value(column: Column[Any]) -> Any:
    samples: tuple[tuple[type, Any], ...] = (
        (Boolean, True),
        (DateTime, datetime(2026, 10, 1, 8, tzinfo=UTC)),
        (Date, date(2026, 10, 1)),
        (Integer, 7),
        (Float, 0.5),
        (Numeric, 7),
        (JSON, {}),
        (LargeBinary, b"7"),
        (String, "7"),
    )
    return next(value for kind, value in samples if isinstance(column.type, kind))
