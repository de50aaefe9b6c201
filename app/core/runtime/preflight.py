"""What must be true before the product starts: each check fails with one sentence that says what to do."""

import errno
import fcntl
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.config import Settings
from app.core.language.i18n import to_console as _
from app.environment import ConfigError


def check_writable(home: Path) -> None:
    """The instance folder takes files."""
    try:
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        raise ConfigError(
            _(
                "The instance folder %(home)s cannot be written to (%(reason)s); "
                "make it writable or set JINNUO_HOME to another folder.",
                home=home,
                reason=error.strerror,
            )
        ) from error


def check_ports(settings: Settings) -> None:
    """The ports of the web server and, where it is to run, of the simulator are free."""
    _check_port(settings.host, settings.port, "PORT")
    if settings.embedded_gateway:
        _check_port("127.0.0.1", settings.gateway_port, "JINNUO_GATEWAY_PORT")


def _check_port(host: str, port: int, name: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # Not SO_REUSEPORT: with it a port that another program serves would look free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise ConfigError(
                    _(
                        "Port %(port)s is taken by another program; "
                        "stop that or set %(name)s to a free port.",
                        port=port,
                        name=name,
                    )
                ) from error
            raise ConfigError(
                _(
                    "Port %(port)s on %(host)s cannot be used (%(reason)s).",
                    port=port,
                    host=host,
                    reason=error.strerror,
                )
            ) from error


@contextmanager
def only_instance(home: Path) -> Iterator[None]:
    """Hold the instance folder for this process; the kernel lets go of it however the process ends."""
    path = home / "instance.lock"
    try:
        lock = path.open("a+", encoding="ascii")
    except OSError as error:
        raise ConfigError(
            _(
                "%(path)s cannot be opened (%(reason)s); make the folder writable.",
                path=path,
                reason=error.strerror,
            )
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise ConfigError(
                _(
                    "Jinnuo is already running on %(home)s (process %(number)s); "
                    "stop that or set JINNUO_HOME to another folder.",
                    home=home,
                    number=lock.read().strip() or "?",
                )
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
