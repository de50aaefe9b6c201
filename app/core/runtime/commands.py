"""The reference of the commands, written from the commands themselves."""

import functools
from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import DatabaseError, OperationalError, ProgrammingError

from app.core.runtime.health import is_damage

P = ParamSpec("P")
R = TypeVar("R")

_explaining: set[Callable[..., Any]] = set()

#: Groups and commands of Flask and its extensions that operators do not need.
FOREIGN = frozenset({"limiter", "routes", "run", "shell"})

HEADING = """# Commands

Run each as `flask …` in the project's virtual environment, on the instance in `JINNUO_HOME`. This page is
written by `flask commands reference > docs/commands.md`; a test compares it with the program.
"""

group = AppGroup("commands", help="The commands themselves.")


def explain_failures(app: Flask) -> None:
    """A database that is absent, not migrated, not writable or damaged is one sentence, not a traceback."""
    with app.app_context():
        for _path, command in own_commands():
            # commands are made once for the process, applications (in tests) more often
            if command.callback is not None and command.callback not in _explaining:
                command.callback = _explained(command.callback)
                _explaining.add(command.callback)


def _explained(callback: Callable[P, R]) -> Callable[P, R]:
    @functools.wraps(callback)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return callback(*args, **kwargs)
        except DatabaseError as error:
            if not (isinstance(error, OperationalError | ProgrammingError) or is_damage(error)):
                raise
            raise click.ClickException(_unusable(error)) from error

    return run


def _unusable(error: DatabaseError) -> str:
    text = (
        _l("The database file is damaged (%(reason)s); restore it from the latest backup.")
        if is_damage(error)
        else _l(
            "The database cannot be used: %(reason)s. After an installation or an update run “flask"
            " db upgrade”; otherwise check JINNUO_HOME and DATABASE_URL."
        )
    )
    return str(text) % {"reason": str(error.orig).strip()}


@group.command("reference")
@with_appcontext
def reference_command() -> None:
    """Print the reference of all commands as Markdown."""
    click.echo(reference(), nl=False)


def reference() -> str:
    """The page: one section for each command, with its arguments and options."""
    parts = [HEADING]
    for path, command in sorted(own_commands()):
        parts.append(_section(path, command))
    return "\n".join(parts)


def own_commands() -> Iterator[tuple[str, click.Command]]:
    """Every command of the product with its full name, groups left out."""
    for name, command in current_app.cli.commands.items():
        if name not in FOREIGN:
            yield from _leaves(name, command)


def _leaves(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    if path == "db":
        # Flask-Migrate documents its own many commands; operators need this one
        yield "db upgrade", command.commands["upgrade"]
        return
    for name, below in command.commands.items():
        yield from _leaves(f"{path} {name}", below)


def _section(path: str, command: click.Command) -> str:
    context = click.Context(command, info_name=path)
    shown = [p for p in command.params if not getattr(p, "hidden", False)]
    arguments = " ".join(p.make_metavar(context) for p in shown if isinstance(p, click.Argument))
    lines = [f"## flask {path}{' ' + arguments if arguments else ''}", "", (command.help or "").strip(), ""]
    named = (p for p in shown if isinstance(p, click.Option))
    options = [record for p in named if (record := p.get_help_record(context))]
    lines += [f"- `{names}`{': ' + text if text else ''}" for names, text in options]
    return "\n".join([*lines, ""] if options else lines)
