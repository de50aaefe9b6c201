"""The web server process: Granian, whose workers end with it."""

import os
from importlib import import_module
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from app.config import Settings
from app.core.runtime.lifeline import die_with_parent

#: Requests that one worker handles at once: they mostly wait for the database, but share one interpreter.
THREADS = min(8, 2 * (os.cpu_count() or 1) + 1)
#: A respawned worker starts after this pause.
RESPAWN_SECONDS = 0.5
STOP_SECONDS = 5


def load_application(target: str) -> Any:
    """Runs in each worker process, before its first request."""
    die_with_parent(os.getppid())
    module, _, name = target.partition(":")
    # Where workers are forked the master has made the application already, without a connection to share.
    return getattr(import_module(module), name)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    Granian(
        "wsgi:app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=settings.web_workers,
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        respawn_interval=RESPAWN_SECONDS,
        workers_kill_timeout=STOP_SECONDS,
        log_level=LogLevels(settings.log_level.lower()),
    ).serve(target_loader=load_application)
