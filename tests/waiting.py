"""Waiting for another process, without guessing how long it needs."""

import time
from collections.abc import Callable


def wait_until(happened: Callable[[], object], seconds: float = 180, every: float = 0.05) -> None:
    """Return as soon as ``happened()`` is true; fail after ``seconds``, for which only failures wait."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise AssertionError(f"did not happen within {seconds} s: {happened}")
        time.sleep(every)
