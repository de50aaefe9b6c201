"""A few of the bad days that `make faults` makes by the hundred."""

from collections.abc import Iterator

import pytest

from tests.faults.generator import Office, an_office, disturbed

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
