"""Steps made ahead by a copy of this process."""

import os
import select
import signal
from collections.abc import Iterator

import pytest

from app.core.sheets.ahead import reading_ahead
from app.core.sheets.refusals import SheetRefused


def steps(ending: Exception | None = None) -> Iterator[int]:
    yield os.getpid()
    yield from range(3)
    if ending:
        raise ending


def test_another_process_makes_the_same_steps() -> None:
    with reading_ahead(steps()) as ahead:
        copy, *rest = ahead
    assert copy != os.getpid()
    assert rest == [0, 1, 2]


def test_a_refusal_arrives_as_it_was() -> None:
    with reading_ahead(steps(SheetRefused("too_many_rows", limit=3))) as ahead:
        assert [next(ahead) for _ in range(4)][1:] == [0, 1, 2]
        with pytest.raises(SheetRefused) as refused:
            next(ahead)
    assert (refused.value.code, refused.value.detail) == ("too_many_rows", {"limit": 3})


def test_a_fault_of_the_copy_is_a_fault_here() -> None:
    with (
        reading_ahead(steps(KeyError("unheard of"))) as ahead,
        pytest.raises(RuntimeError, match="unheard of"),
    ):
        list(ahead)


def endless() -> Iterator[bytes]:
    yield str(os.getpid()).encode()
    while True:
        yield bytes(1 << 20)


def test_a_copy_killed_by_the_system_is_a_refusal() -> None:
    with reading_ahead(endless()) as ahead:
        os.kill(int(next(ahead)), signal.SIGKILL)
        with pytest.raises(SheetRefused, match="memory"):
            list(ahead)


def test_leaving_early_ends_the_copy() -> None:
    with reading_ahead(endless()) as ahead:
        copy = int(next(ahead))
    with pytest.raises(ProcessLookupError):
        os.kill(copy, 0)


def test_a_killed_reader_leaves_no_copy_behind() -> None:
    alive, held = os.pipe()
    reader = os.fork()
    if reader == 0:
        with reading_ahead(endless()) as ahead:
            os.write(held, next(ahead))
            signal.pause()
    os.close(held)
    assert os.read(alive, 20)
    os.kill(reader, signal.SIGKILL)
    os.waitpid(reader, 0)
    # the copy holds the other end as long as it lives
    assert select.select([alive], [], [], 10)[0] and os.read(alive, 1) == b""
    os.close(alive)
