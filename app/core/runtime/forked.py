"""A service that starts as a copy of the supervisor: it imports nothing again and shares what is loaded.

Importing the application takes two to three seconds of a processor; five services did it side by side on each
start. On Linux only: elsewhere system libraries may not survive a fork.
"""

import asyncio
import logging
import os
import signal
import sys
import traceback
from asyncio import StreamReader, StreamReaderProtocol
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from app.core.runtime.lifeline import die_with_parent, name_process

#: Python can wait for a child without a thread only where the kernel gives it a file for one.
CAN_FORK = sys.platform == "linux" and hasattr(os, "pidfd_open")


class ForkedProcess:
    """A forked child, with what the supervisor asks of asyncio's processes."""

    def __init__(self, pid: int, stdout: StreamReader) -> None:
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None

    async def wait(self) -> int:
        """The status it ended with: negative, the signal that killed it."""
        watched = os.pidfd_open(self.pid)
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(watched, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(watched)
            os.close(watched)
        _pid, status = os.waitpid(self.pid, 0)
        self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


async def start_forked(name: str, run: Callable[[], object], folder: Path, limit: int) -> ForkedProcess:
    """Run a function in a child of the main thread, in a session of its own; its output comes as `stdout`.

    ``limit``: bytes of the longest line that can be read.
    """
    reading, writing = os.pipe()
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _become(name, run, folder, writing, parent)
    os.close(writing)
    stdout = StreamReader(limit=limit)
    try:
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: StreamReaderProtocol(stdout), os.fdopen(reading, "rb", buffering=0)
        )
    except BaseException:  # a stop in this very moment: nobody would know of the child
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise
    return ForkedProcess(pid, stdout)


def _become(name: str, run: Callable[[], object], folder: Path, output: int, parent: int) -> NoReturn:
    """The child's whole life. The stack above belongs to the parent's event loop: it must never return."""
    status = 1
    try:
        os.setsid()
        die_with_parent(parent)
        name_process(name)
        _own_signals()
        _own_streams(output)
        os.chdir(folder)
        run()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # whatever it was goes to the log, and the process ends here
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            logging.shutdown()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _own_signals() -> None:
    """The parent's loop must not hear of the child's signals, nor the child be deaf to them."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _own_streams(output: int) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(output)
    # new ones, which hand on each line at once: nobody may be kept waiting by a buffer
    sys.stdout, sys.stderr = (
        os.fdopen(number, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
        for number in (1, 2)
    )
