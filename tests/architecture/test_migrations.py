"""The schema that migrations build is the one the models describe, on both databases."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import inspect, select

from app import create_app
from app.accounts.queries import root_branch
from app.config import PROJECT, Settings
from app.core.db import db
from app.core.legal import LegalBasis
from tests.conftest import fresh_postgresql_database

MIGRATIONS = str(PROJECT / "migrations")


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
