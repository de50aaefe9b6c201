"""Processes of the product beside the test: they start at once, as copies of one that has imported it."""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from typing import IO, Protocol

from app.config import PROJECT
from app.core.runtime.forked import CAN_FORK

_one_at_a_time = threading.Lock()


class Started(Protocol):
    """What a test does with a process, of `subprocess.Popen`."""

    @property
    def pid(self) -> int: ...
    @property
    def stdout(self) -> IO[bytes] | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int, /) -> None: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


def start_flask(*command: str, environment: Mapping[str, str], output: int = subprocess.DEVNULL) -> Started:
    """`flask <command>` of the product in an environment of its own; ``output``: a file for all it says."""
    if CAN_FORK:
        return _Copy("", ("--app", "wsgi", *command), environment, output, output)
    line = (sys.executable, "-m", "flask", "--app", "wsgi", *command)
    return subprocess.Popen(line, cwd=PROJECT, env=environment, stdout=output, stderr=output)


def run_flask(*command: str, environment: Mapping[str, str], timeout: float = 180) -> tuple[int, str]:
    """The same to its end: its status, and all that it said."""
    with tempfile.TemporaryFile() as said:
        status = start_flask(*command, environment=environment, output=said.fileno()).wait(timeout)
        said.seek(0)
        return status, said.read().decode()


def start_script(
    script: str, *arguments: str, environment: Mapping[str, str], output: int | None = None
) -> Started:
    """`python -c <script>`, the application imported already; `output` as in `Popen`."""
    if CAN_FORK:
        return _Copy(script, arguments, environment, output, None)
    line = (sys.executable, "-c", script, *arguments)
    return subprocess.Popen(line, cwd=PROJECT, env=environment, stdout=output)


class _Copy:
    """A copy of the process that has imported the product; not a child of this one."""

    def __init__(
        self,
        script: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        output: int | None,
        errors: int | None,
    ) -> None:
        """``output``: `PIPE`, `DEVNULL`, a file, or None: this process's own; ``errors``: no `PIPE`."""
        self.stdout: IO[bytes] | None = None
        self._status: int | None = None
        self._end, end = os.pipe()
        given = [_file(output, 1), _file(errors, 2)]
        if output == subprocess.PIPE:
            reading, given[0] = os.pipe()
            self.stdout = os.fdopen(reading, "rb")
        told = {"script": script, "arguments": arguments, "environment": dict(environment)}
        packet = json.dumps(told | {"folder": str(PROJECT)}).encode()
        with _one_at_a_time:
            parent = _parent()
            socket.send_fds(parent, [packet], [*given, end])
            self.pid = int(parent.recv(20))
        for file in (*given, end):
            os.close(file)

    def poll(self) -> int | None:
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        status = self._ended(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return status

    def _ended(self, seconds: float | None) -> int | None:
        if self._status is None and select.select([self._end], [], [], seconds)[0]:
            self._status = int(os.read(self._end, 20))
            os.close(self._end)
            if self.stdout is not None:
                self.stdout.close()
        return self._status

    def send_signal(self, sig: int, /) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _file(wanted: int | None, own: int) -> int:
    if wanted == subprocess.DEVNULL:
        return os.open(os.devnull, os.O_WRONLY)
    return os.dup(own if wanted in (None, subprocess.PIPE) else wanted)


@cache
def _parent() -> socket.socket:
    """The connection to the process that is copied; it ends when this one does."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = subprocess.Popen((sys.executable, "-m", "tests.warm_parent"), cwd=PROJECT, stdin=its.fileno())
    its.close()
    atexit.register(process.wait)
    atexit.register(ours.close)
    return ours
