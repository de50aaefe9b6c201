"""The commands that are one long-running process each; `flask up` starts them all."""

import logging
import signal
import sys
from threading import Event

import click
from flask.cli import with_appcontext

from app.config import current_settings
from app.core.language import phrases
from app.core.language.i18n import to_console
from app.core.runtime.launch import launch
from app.core.runtime.schedule import keep_schedule
from app.core.runtime.web_server import serve
from app.core.runtime.worker import make_worker
from app.environment import ConfigError

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def log_to_stderr() -> None:
    """Plain lines on standard error, at the configured level."""
    logging.basicConfig(stream=sys.stderr, level=current_settings().log_level, format=LOG_FORMAT)


@click.command("up")
@with_appcontext
def up_command() -> None:
    """Run the whole product on this machine: database, web, workers, scheduler, gateway simulator."""
    try:
        launch()
    except ConfigError as error:
        raise click.ClickException(error.told(to_console)) from error


@click.command("web")
@with_appcontext
def web_command() -> None:
    """Serve the web pages until stopped; start one on every web machine."""
    log_to_stderr()
    phrases.learn()
    serve(current_settings())


@click.command("worker")
@with_appcontext
def worker_command() -> None:
    """Take jobs from the queue until stopped; start as many as you like, on any machine."""
    log_to_stderr()
    # The worker logs by itself; through the root logger every line would come twice.
    logging.getLogger("rq").propagate = False
    phrases.learn()
    make_worker().work(logging_level=current_settings().log_level)


@click.command("schedule")
@with_appcontext
def schedule_command() -> None:
    """Start the periodic jobs; of any number of schedulers exactly one starts each of them."""
    log_to_stderr()
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    keep_schedule(stop)
