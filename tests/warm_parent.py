"""A process that has imported the product, and starts copies of itself on demand: `tests.processes` asks it.

Importing takes five seconds of a processor, and the tests start some hundred processes. `flask up` starts
its own in the same way (`app.core.runtime.forked`). A copy gets its environment before any setting is read or
any application made, so that it is what a new interpreter would be; it dies with this process.

Each request is one packet on standard input: JSON and three files, the copy's output, its errors, and a pipe
on which its end is told. The answer is the copy's number.
"""

import gc
import json
import os
import secrets
import select
import signal
import socket
import sys
import tempfile
import traceback
from contextlib import suppress
from typing import Any, NoReturn

from flask.cli import main as flask

from app import create_app
from app.config import Settings
from app.core.language import phrases
from app.core.runtime.lifeline import die_with_parent

LARGEST_REQUEST = 200_000

Request = dict[str, Any]


def serve(requests: socket.socket) -> None:
    """Starts what is asked for and tells how each copy ended, until nobody asks any more."""
    running: dict[int, tuple[int, int]] = {}
    while True:
        ready, _, _ = select.select([requests.fileno(), *running], [], [])
        for watched in ready:
            if watched in running:
                _tell_the_end(watched, *running.pop(watched))
        if requests.fileno() not in ready:
            continue
        packet, files, _flags, _address = socket.recv_fds(requests, LARGEST_REQUEST, 3)
        if not packet:
            return
        output, errors, end = files
        pid = _fork(json.loads(packet), output, errors)
        running[os.pidfd_open(pid)] = (pid, end)
        os.close(output)
        os.close(errors)
        requests.send(str(pid).encode())


def _tell_the_end(watched: int, pid: int, end: int) -> None:
    os.close(watched)
    _pid, status = os.waitpid(pid, 0)
    with suppress(BrokenPipeError):
        os.write(end, str(os.waitstatus_to_exitcode(status)).encode())
    os.close(end)


def _fork(request: Request, output: int, errors: int) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        for source, target in ((os.open(os.devnull, os.O_RDONLY), 0), (output, 1), (errors, 2)):
            os.dup2(source, target)
        # nothing else of this process is the copy's
        os.closerange(3, 4096)
        _become(request, parent)
    return pid


def _become(request: Request, parent: int) -> NoReturn:
    """The copy's whole life: a `flask` command or a script."""
    status = 1
    try:
        die_with_parent(parent)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["folder"])
        sys.argv = ["-c" if request["script"] else "flask", *request["arguments"]]
        if request["script"]:
            exec(request["script"], {"__name__": "__main__"})  # noqa: S102 - the test's own
        else:
            flask()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
    except BaseException:  # whatever it was is told as an interpreter would tell it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _import_everything() -> None:
    """What an application imports as it is made; this one is never used."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {"JINNUO_HOME": folder, "SECRET_KEY": secrets.token_hex(16)}
        create_app(Settings.from_environment(settings))
    phrases.learn()
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    _import_everything()
    serve(socket.socket(fileno=0))
