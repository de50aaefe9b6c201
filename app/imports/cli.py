"""`flask imports`: the kinds of file, applying one, taking one back."""

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from flask_babel import gettext as _

from app.accounts.models import Branch, User
from app.accounts.queries import branch_by_code, root_branch, user_by_name
from app.core.db import db, writing
from app.core.errors import DomainError
from app.core.features import current_features
from app.core.importing.conflicts import KEEP, TAKE
from app.core.importing.spec import ImportSpec
from app.core.periods import Period, asked_month
from app.imports import queries, services
from app.imports.models import BatchState, ImportBatch
from app.imports.running.services import running

group = AppGroup("imports", help="Spreadsheets in, and back out.")

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@group.command("specs")
@as_json_option
def specs(as_json: bool) -> None:
    """The kinds of file that can be imported, and their columns."""
    described = [_described(spec) for spec in current_features().import_specs.values()]
    if as_json:
        click.echo(json.dumps(described, ensure_ascii=False, indent=1))
        return
    for one in described:
        click.echo(f"{one['name']}: {one['title']}")
        for column in one["columns"]:
            mark = "*" if column["required"] else " "
            click.echo(f"  {mark} {column['name']}: {' / '.join(column['headings'])}")


def _described(spec: ImportSpec) -> dict[str, Any]:
    columns = [
        {"name": one.name, "headings": list(one.aliases), "required": one.required} for one in spec.columns
    ]
    wants = {"as_of": spec.needs_as_of, "period": spec.needs_period}
    return {"name": spec.name, "title": str(spec.title), "key": list(spec.key), **wants, "columns": columns}


@group.command("apply")
@click.argument("spec")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day the file speaks of; by default the end of its month, or today.",
)
@click.option("--period", metavar="YYYYMM", help="The month, where neither title nor file name tells it.")
@click.option(
    "--source", default="", metavar="NAME", help="Whose file it is: its remembered columns are used."
)
@click.option(
    "--conflicts",
    type=click.Choice([KEEP, TAKE]),
    default=KEEP,
    show_default=True,
    help="Where people corrected what the file says otherwise: keep their word, or take the file's.",
)
@click.option("--dry-run", is_flag=True, help="Show what would happen and change nothing.")
@click.option("--branch", "branch_code", metavar="CODE", help="Where new records belong; default: the top.")
@click.option("--user", "username", metavar="NAME", help="Who imports; default: the system.")
@as_json_option
def apply(
    spec: str,
    file: Path,
    as_of: datetime | None,
    period: str | None,
    source: str,
    conflicts: str,
    dry_run: bool,
    branch_code: str | None,
    username: str | None,
    as_json: bool,
) -> None:
    """Import FILE as SPEC, here and now, without a worker."""
    try:
        with writing(), file.open("rb") as stream:
            user = _user(username)
            batch = services.receive(
                queries.spec_named(spec),
                stream,
                file.name,
                user,
                branch=_branch(branch_code, user),
                as_of=as_of.date() if as_of else None,
                period=_period(period),
                source=source,
                conflicts=conflicts,
                apply=not dry_run,
            )
            db.session.commit()
        batch = _run(batch.id)
    except DomainError as error:
        raise _refusal(error, as_json) from error
    if batch.state in (BatchState.FAILED, BatchState.UNMAPPED):
        refused = queries.failure_of(batch)
        _report(_counts(batch) | {"failure": refused}, as_json)
        raise click.ClickException(refused)
    _report(_counts(batch), as_json)


@group.command("undo")
@click.argument("batch_id", metavar="ID", type=int)
@as_json_option
def undo(batch_id: int, as_json: bool) -> None:
    """Take import ID back; rows edited since are kept and listed."""
    try:
        with writing():
            batch = queries.batch_for(None, batch_id)
            services.start_undoing(batch)
            db.session.commit()
        batch = _run(batch_id)
    except DomainError as error:
        raise _refusal(error, as_json) from error
    kept = [{"row": row.number, "key": row.key, **row.kept} for row in queries.kept_rows(batch)]
    _report({"batch": batch.id, "undone": batch.undone, "kept": batch.kept, "kept_rows": kept}, as_json)


def _run(batch_id: int) -> ImportBatch:
    """Run the batch to its end in this process; who watches sees the progress, a script does not."""
    watched = sys.stderr.isatty()
    with writing():
        for _step in running(batch_id):
            db.session.commit()
            if watched:
                batch = db.session.get_one(ImportBatch, batch_id)
                click.echo(f"\r{batch.state}: {batch.done} rows", nl=False, err=True)
                db.session.rollback()
    if watched:
        click.echo(err=True)
    return db.session.get_one(ImportBatch, batch_id, populate_existing=True)


def _refusal(error: DomainError, as_json: bool) -> click.ClickException:
    """What was refused before there is anything to count; scripts find the reason where they look for it."""
    if as_json:
        _report({"failure": str(error)}, as_json)
    return click.ClickException(str(error))


def _counts(batch: ImportBatch) -> dict[str, Any]:
    outcomes = {
        name: getattr(batch, name) for name in ("new", "changed", "unchanged", "rejected", "conflicts")
    }
    return {"batch": batch.id, "state": batch.state, "rows": batch.done, **outcomes, "reasons": batch.reasons}


def _report(figures: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(figures, ensure_ascii=False))
        return
    for name, value in figures.items():
        click.echo(f"{name}: {_plain(value)}")


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items()) or "-"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(_plain(one) for one in value) or "-"
    return str(value)


def _user(username: str | None) -> User | None:
    return None if username is None else user_by_name(username)


def _branch(code: str | None, user: User | None) -> Branch:
    if code is None and user is not None:
        return user.branch
    return branch_by_code(code) if code else root_branch()


def _period(text: str | None) -> Period | None:
    try:
        return asked_month(text) if text else None
    except ValueError as error:
        raise DomainError(_("“%(text)s” is no month such as 202209.", text=text)) from error
