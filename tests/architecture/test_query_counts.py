"""The main pages on the demonstration department ask the database little, however much they show."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.bench.pages import MOST_QUERIES, demo_app, discard, main_pages, sign_in, statements_of
from tests.conftest import fresh_postgresql_database

NAMES = (
    "my day",
    "tasks",
    "employers",
    "employers, filtered",
    "an employer",
    "search",
    "leads",
    "visits",
    "imports",
    "campaigns",
    "a campaign",
    "dashboard",
)


@pytest.fixture(scope="module")
def office(
    dialect: str, request: pytest.FixtureRequest
) -> Iterator[tuple[Flask, FlaskClient, dict[str, str]]]:
    """The demonstration department with its manager signed in, and the addresses of the main pages."""
    with ExitStack() as stack:
        url = ""
        if dialect == "postgresql":
            server = request.getfixturevalue("postgresql_url")
            url = stack.enter_context(fresh_postgresql_database(server))
        app = demo_app(url)
        stack.callback(discard, app)
        client = app.test_client()
        sign_in(client)
        with app.app_context():
            pages = main_pages()
        yield app, client, pages


@pytest.mark.parametrize("name", NAMES)
def test_a_main_page_asks_for_what_it_shows_in_few_statements(
    office: tuple[Flask, FlaskClient, dict[str, str]], name: str
) -> None:
    app, client, pages = office
    statements = statements_of(app, client, pages[name])
    shown = "\n".join(sql for sql, _parameters in statements)
    assert len(statements) <= MOST_QUERIES, shown


def test_every_main_page_is_counted(office: tuple[Flask, FlaskClient, dict[str, str]]) -> None:
    assert tuple(office[2]) == NAMES


def test_the_counter_sees_statements(office: tuple[Flask, FlaskClient, dict[str, str]]) -> None:
    """A list needs at least its reader and its rows; a counter that sees none proves nothing."""
    app, client, pages = office
    assert len(statements_of(app, client, pages["employers"])) >= 2
