"""An iterator whose steps are made ahead, on another processor, by a forked copy of this process.

The copy does nothing but step: it shares this one's open files and database connections, and touches none but
those that the iterator reads. It ends with the context, whichever way, and by itself when this process dies.
"""

import gc
import os
import pickle
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, NoReturn, TypeVar

from app.core.sheets.refusals import SheetRefused

T = TypeVar("T")


def may_fork() -> bool:
    """Whether this process has no other threads, whose locks a copy would inherit."""
    return threading.active_count() == 1


@contextmanager
def reading_ahead(steps: Iterator[T]) -> Iterator[Iterator[T]]:
    """The same steps; one is made while the caller works on that before. They must be picklable.

    Raises SheetRefused where the iterator does, and when the system ends the copy, and RuntimeError for any
    other failure. Ask `may_fork` first.
    """
    ears, mouth = os.pipe()
    gc.freeze()  # so that looking for garbage leaves the memory shared
    copy = os.fork()
    if copy == 0:
        os.close(ears)  # nobody else may hear, or the copy would wait for ever when this process dies
        _speak(steps, mouth)
    gc.unfreeze()
    os.close(mouth)
    try:
        with os.fdopen(ears, "rb") as stream:
            yield _heard(stream)
    finally:
        os.kill(copy, signal.SIGKILL)
        os.waitpid(copy, 0)


def _speak(steps: Iterator[Any], mouth: int) -> NoReturn:
    """In the copy: tell each step, and leave without what a process usually does at its end."""
    try:
        with os.fdopen(mouth, "wb") as stream:
            _tell(steps, stream)
    finally:
        os._exit(0)


def _tell(steps: Iterator[Any], stream: BinaryIO) -> None:
    def say(kind: str, value: object) -> None:
        pickle.dump((kind, value), stream, pickle.HIGHEST_PROTOCOL)
        stream.flush()

    try:
        for step in steps:
            say("step", step)
    except SheetRefused as refusal:
        say("refused", (refusal.code, refusal.detail))
    except BrokenPipeError:
        return
    except Exception as error:
        say("failed", repr(error))
    else:
        say("end", None)


def _heard(stream: BinaryIO) -> Iterator[Any]:
    while True:
        try:
            kind, value = pickle.load(stream)  # noqa: S301 - from our own copy
        except (EOFError, pickle.UnpicklingError):
            raise SheetRefused("too_much_memory") from None
        if kind == "step":
            yield value
        elif kind == "refused":
            raise SheetRefused(value[0], **value[1])
        elif kind == "failed":
            raise RuntimeError(f"reading ahead failed: {value}")
        else:
            return
