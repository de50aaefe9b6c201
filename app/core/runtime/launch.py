"""`flask up`: check, prepare, then keep every process of one machine running."""

import asyncio
import hashlib
import http.client
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

import click
from flask import Flask, current_app
from flask_migrate import upgrade
from sqlalchemy.exc import DatabaseError, OperationalError

from app.config import PROJECT, Settings, current_settings
from app.core.db import db
from app.core.language import phrases
from app.core.language.i18n import compile_all
from app.core.language.i18n import to_console as _
from app.core.runtime.health import database_revisions, is_damage, wanted_revisions
from app.core.runtime.preflight import check_ports, check_writable, only_instance
from app.core.runtime.supervisor import NotReadyError, Service, Supervisor
from app.core.runtime.valkey import answers, valkey_command
from app.environment import ConfigError

#: Commands of features that make an instance ready, by name: the core knows no feature.
LOAD_DEMO = ("demo", "load")
SHOW_DEMO_LOGINS = ("demo", "logins")
FIRST_ADMINISTRATOR = ("users", "first-administrator")
SIMULATOR = ("gateway", "simulator")
#: A job gets this long to finish before its worker is killed; it is run again at the next start.
JOB_GRACE_SECONDS = 15.0


def launch() -> None:
    """Run the whole product in the foreground until stopped. Raises ConfigError for what is in the way."""
    settings = current_settings()
    check_writable(settings.home)
    with only_instance(settings.home):
        check_ports(settings)
        services = services_of(settings, current_app._get_current_object())  # type: ignore[attr-defined]
        prepare(settings)
        phrases.learn()
        supervisor = Supervisor(services, settings.logs, PROJECT, click.echo, _)
        try:
            asyncio.run(supervisor.run(lambda: _announce(settings)))
        except NotReadyError as error:
            raise ConfigError(str(error)) from error
    click.echo(_("Stopped."))


def prepare(settings: Settings) -> None:
    """Bring database and translations up to date and fill an empty instance; later calls change nothing."""
    compile_all(only_stale=True)
    try:
        if database_revisions() != wanted_revisions():
            click.echo(_("Preparing the database ..."))
            db.session.remove()
            upgrade()
    except DatabaseError as error:
        if not (isinstance(error, OperationalError) or is_damage(error)):
            raise
        raise ConfigError(_unusable(error)) from error
    finally:
        db.session.remove()
    _fill_once(settings)
    _let_go_of_the_database()


def _unusable(error: DatabaseError) -> str:
    reason = " ".join(str(error.orig).split())
    if is_damage(error):
        return _(
            "The database file is damaged (%(reason)s); restore it from the latest backup.", reason=reason
        )
    return _(
        "The database cannot be used (%(reason)s); check that it runs and that DATABASE_URL is right.",
        reason=reason,
    )


def _let_go_of_the_database() -> None:
    """The children open their own connections: none may be open when one is forked."""
    db.session.remove()
    db.engine.dispose()


def _fill_once(settings: Settings) -> None:
    """Demo data or a first administrator, once for each database; if interrupted, at the next start."""
    mark = settings.home / "filled"
    database = hashlib.sha256(settings.database_url.encode()).hexdigest()
    if mark.exists() and mark.read_text(encoding="ascii") == database:
        return
    _run_command(LOAD_DEMO if settings.demo else FIRST_ADMINISTRATOR)
    mark.write_text(database, encoding="ascii")


def services_of(settings: Settings, app: Flask) -> list[Service]:
    """The processes of one machine, in the order in which they start."""
    services = []
    if settings.embedded_redis:
        command = valkey_command(settings.valkey_socket, settings.home / "valkey")
        services.append(
            Service(
                "valkey",
                command,
                ready=lambda: answers(settings.redis_url),
                # It matters for big databases; here the queue holds ids.
                harmless=("overcommit_memory",),
            )
        )
    elif not answers(settings.redis_url):
        raise ConfigError(_("The Redis server of REDIS_URL does not answer; start it or correct REDIS_URL."))
    services.append(_service(app, "web", "web", ready=lambda: _serves(settings)))
    if settings.embedded_gateway and _command(app, SIMULATOR):
        services.append(_service(app, "gateway", *SIMULATOR))
    services.append(_service(app, "scheduler", "schedule"))
    for number in range(1, settings.job_workers + 1):
        services.append(_service(app, f"worker-{number}", "worker", grace=JOB_GRACE_SECONDS))
    return services


def _service(app: Flask, name: str, *command: str, **how: Any) -> Service:
    """One of the application's commands as a service."""
    line = (sys.executable, "-u", "-m", "flask", "--app", "wsgi", *command)
    return Service(name, line, run=partial(_run_in_child, app, command), **how)


def _run_in_child(app: Flask, path: Sequence[str]) -> None:
    """Run a command in a forked child; ends with SystemExit."""
    command = _command(app, path)
    if command is None:
        raise RuntimeError(f"there is no command {' '.join(path)}")
    with app.app_context():
        # whatever the parent still holds stays the parent's
        db.engine.dispose(close=False)
        command.main([], prog_name=" ".join(path))


def _serves(settings: Settings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared only
    connection = http.client.HTTPConnection(host, settings.port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def _announce(settings: Settings) -> None:
    click.echo("\n" + _("Jinnuo is served at %(url)s (Ctrl-C stops it)", url=settings.public_url))
    if settings.demo:
        _run_command(SHOW_DEMO_LOGINS)
        _let_go_of_the_database()
    where = _("Instance folder: %(home)s; logs: %(logs)s", home=settings.home, logs=settings.logs)
    click.echo(f"{where}\n")


def _run_command(path: Sequence[str]) -> None:
    """Run one of the application's commands in this process, if a feature brings it."""
    command = _command(current_app, path)
    if command is not None:
        command.main([], prog_name=" ".join(path), standalone_mode=False)


def _command(app: Flask, path: Sequence[str]) -> click.Command | None:
    command: click.Command | None = app.cli
    for name in path:
        if not isinstance(command, click.Group):
            return None
        command = command.commands.get(name)
    return command
