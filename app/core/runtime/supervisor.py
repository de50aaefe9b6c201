"""One parent for the processes of `flask up`: it restarts what dies and leaves nothing behind.

Every service is a process group of its own, so that Ctrl-C reaches the supervisor alone and the services
stop in order; the kernel kills them should the supervisor itself be killed (docs/decisions).
"""

import asyncio
import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path

from app.core.language.i18n import msgid
from app.core.runtime.forked import CAN_FORK, ForkedProcess, start_forked
from app.core.runtime.lifeline import die_with_parent

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
#: A service that ran this long was healthy: its next death is not part of a crash loop.
HEALTHY_SECONDS = 30.0
LOG_BYTES = 5_000_000
LOG_FILES = 3
LONGEST_LINE = 64 * 1024
NOTEWORTHY = ("WARNING", "ERROR", "CRITICAL", "Traceback")

Say = Callable[[str], None]
#: A msgid and its values, in the language of whoever reads what is said.
Words = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Service:
    """A process to keep running. Services start in the order given and stop in the opposite one."""

    name: str
    command: Sequence[str]
    #: The same as a function: where processes can fork, it runs in a copy of this one, which starts at once.
    run: Callable[[], object] | None = None
    #: Seconds it may take to finish what it is doing when asked to stop, before it is killed.
    grace: float = 10.0
    #: The services after it start only once this is true.
    ready: Callable[[], bool] | None = None
    #: Parts of lines that look like warnings and need nobody's attention; they go to the log only.
    harmless: tuple[str, ...] = ()


class NotReadyError(Exception):
    """A service did not become ready in time; the text names it and its log."""


@dataclass
class _Running:
    service: Service
    process: asyncio.subprocess.Process | ForkedProcess | None = None
    keeper: asyncio.Task[None] | None = None


class Supervisor:
    """Keeps services running until `stop` is called, SIGTERM or SIGINT comes."""

    def __init__(
        self,
        services: Sequence[Service],
        logs: Path,
        folder: Path,
        say: Say,
        words: Words,
        ready_seconds: float = 120.0,
    ) -> None:
        """``logs`` takes a file per service; they run in ``folder``.

        ``say`` gets what people should see: what a service warns of, and in ``words`` what befell it.
        """
        self._all = [_Running(service) for service in services]
        self._logs = logs
        self._folder = folder
        self._say = say
        self._words = words
        self._ready_seconds = ready_seconds
        self._stop = asyncio.Event()
        #: No fork while a thread asks whether a service is ready: what it is importing would be half there.
        self._alone = asyncio.Lock()

    def stop(self) -> None:
        """Ask everything to stop; `run` returns when it has."""
        self._stop.set()

    async def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Start all services, call ``started``, keep them until told to stop, then stop them.

        Raises NotReadyError when a service does not come up; the others are stopped then too.
        """
        self._listen_for_signals()
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            for running in self._all:
                running.keeper = asyncio.create_task(self._keep(running))
                await self._until_ready(running)
            if not self._stop.is_set():
                started()
            await self._stop.wait()
        finally:
            await self._stop_all()

    def _listen_for_signals(self) -> None:
        """Only the main thread hears signals; a supervisor in another one is stopped by `stop`."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self.stop)

    async def _until_ready(self, running: _Running) -> None:
        ready = running.service.ready
        deadline = time.monotonic() + self._ready_seconds
        while ready is not None and not self._stop.is_set() and not await self._holds(ready):
            if time.monotonic() > deadline:
                text = msgid("%(name)s did not start within %(seconds)s s; %(log)s says why.")
                name = running.service.name
                log = f"{self._logs / name}.log"
                raise NotReadyError(self._words(text, name=name, seconds=f"{self._ready_seconds:g}", log=log))
            await asyncio.sleep(0.05)

    async def _holds(self, ready: Callable[[], bool]) -> bool:
        async with self._alone:
            return await asyncio.to_thread(ready)

    async def _keep(self, running: _Running) -> None:
        pause = FIRST_PAUSE_SECONDS
        with contextlib.closing(_log_file(self._logs / f"{running.service.name}.log")) as log:
            while not self._stop.is_set():
                began = time.monotonic()
                status = await self._run_once(running, log)
                if self._stop.is_set():
                    return
                if time.monotonic() - began > HEALTHY_SECONDS:
                    pause = FIRST_PAUSE_SECONDS
                text = msgid("%(name)s ended (%(how)s); starting it again")
                self._say(self._words(text, name=running.service.name, how=self._described(status)))
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _run_once(self, running: _Running, log: RotatingFileHandler) -> int:
        process = await self._start(running.service)
        running.process = process
        reader = asyncio.create_task(self._copy_lines(running.service, process, log))
        status = await process.wait()
        # What it started must not outlive it: an orphaned web worker would keep the port.
        _signal_group(process.pid, signal.SIGKILL)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(reader, timeout=1)
        return status

    async def _start(self, service: Service) -> asyncio.subprocess.Process | ForkedProcess:
        if service.run is not None and CAN_FORK:
            async with self._alone:
                return await start_forked(service.name, service.run, self._folder, LONGEST_LINE)
        parent = os.getpid()
        return await asyncio.create_subprocess_exec(
            *service.command,
            cwd=self._folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LONGEST_LINE,
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(parent),
        )

    async def _copy_lines(
        self,
        service: Service,
        process: asyncio.subprocess.Process | ForkedProcess,
        log: RotatingFileHandler,
    ) -> None:
        if process.stdout is None:
            return
        while True:
            try:
                raw = await process.stdout.readline()
            except ValueError:
                continue  # A line longer than the limit: the reader has dropped it.
            if not raw:
                return
            line = raw.decode(errors="replace").rstrip()
            log.emit(logging.LogRecord(service.name, logging.INFO, "", 0, line, None, None))
            if any(word in line for word in NOTEWORTHY) and not any(
                part in line for part in service.harmless
            ):
                self._say(f"{service.name} | {line[:200]}")

    async def _stop_all(self) -> None:
        self._stop.set()
        # The first service is what the others need: it stops when they have.
        *later, first = reversed(self._all)
        await asyncio.gather(*(self._stop_one(running) for running in later))
        await self._stop_one(first)

    async def _stop_one(self, running: _Running) -> None:
        if running.keeper is None:
            return
        process = running.process
        if process is None or process.returncode is not None:
            running.keeper.cancel()
        else:
            _signal_group(process.pid, signal.SIGTERM, only_leader=True)
        done, _ = await asyncio.wait([running.keeper], timeout=running.service.grace)
        if not done and process is not None:
            text = msgid("%(name)s did not stop within %(seconds)s s: killed")
            seconds = f"{running.service.grace:g}"
            self._say(self._words(text, name=running.service.name, seconds=seconds))
            _signal_group(process.pid, signal.SIGKILL)
            await asyncio.wait([running.keeper], timeout=5)

    def _described(self, status: int) -> str:
        if status >= 0:
            return self._words(msgid("status %(status)s"), status=status)
        return signal.Signals(-status).name


def _signal_group(leader: int, number: signal.Signals, only_leader: bool = False) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if only_leader:
            os.kill(leader, number)
        else:
            os.killpg(leader, number)


def _log_file(path: Path) -> RotatingFileHandler:
    handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s | %(message)s"))
    return handler
