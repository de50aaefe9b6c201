"""A few of the bad days that `make faults` makes by the hundred."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.faults.generator import Office, a_database, an_office, disturbed
from tests.postgresql import a_server

PEOPLE = 400

#: kind and number of a run: one worker, the whole pool, Redis, and a gateway with several faults at once
CHOSEN = (("kill", 0), ("kill", 2), ("redis", 0), ("gateway", 1))


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with an_office() as opened:
        yield opened


@pytest.mark.parametrize(("kind", "seed"), CHOSEN)
def test_whatever_is_disturbed_nothing_is_lost_or_doubled(office: Office, kind: str, seed: int) -> None:
    run = disturbed(office, kind, seed, PEOPLE)
    assert run.midway or kind == "redis", run


def test_a_database_that_is_killed_and_started_again_loses_and_doubles_nothing() -> None:
    with ExitStack() as stack:
        server = stack.enter_context(a_server())
        if server is None or "jinnuo-pg-" not in server:
            pytest.skip("no PostgreSQL of the test's own, which it could restart")
        office = stack.enter_context(an_office(stack.enter_context(a_database(server))))
        assert disturbed(office, "database", 0, PEOPLE).midway
