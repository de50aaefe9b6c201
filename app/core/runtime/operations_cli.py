"""Commands for the people who look after an instance."""

import json
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup, with_appcontext
from redis.exceptions import RedisError
from rq.job import Job

from app.config import current_settings
from app.core.features import current_features
from app.core.jobs import Every, job_queue, workers_listening
from app.core.runtime.backup import BackupError, write_backup
from app.core.runtime.schedule import name_of

jobs_group = AppGroup("jobs", help="The background jobs.")


@jobs_group.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """What waits, runs and failed; the workers that listen; the schedule."""
    try:
        report = _report()
    except (RedisError, OSError) as error:
        raise click.ClickException(f"Redis does not answer ({error}).") from error
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
        return
    for name in ("waiting", "running", "failed", "workers"):
        click.echo(f"{name:<8} {report[name]}")
    for failure in report["failures"]:
        click.echo(f"failed   {failure['job']}: {failure['reason']}")
    for entry in report["schedule"]:
        click.echo(f"schedule {entry['when']:<15} {entry['job']}")


def _report() -> dict[str, Any]:
    queue = job_queue()
    failed = queue.failed_job_registry.get_job_ids()
    recent = [job for job in map(queue.fetch_job, failed[-20:]) if job is not None]
    return {
        "waiting": queue.count,
        "running": queue.started_job_registry.count,
        "failed": len(failed),
        "workers": workers_listening(),
        "failures": [{"job": job.description, "reason": _reason(job)} for job in recent],
        "schedule": [
            {
                "job": name_of(entry),
                "when": f"every {entry.seconds} s" if isinstance(entry, Every) else entry.at,
            }
            for entry in current_features().schedule
        ],
    }


def _reason(job: Job) -> str:
    """The last line of the traceback: the exception and its text."""
    result = job.latest_result()
    return ((result and result.exc_string) or "").strip().rpartition("\n")[2]


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def backup_command(file: Path, as_json: bool) -> None:
    """Write the instance to one archive: database, secret key, uploaded files. It may be in use."""
    try:
        with_database = write_backup(current_settings(), file)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps({"file": str(file), "with_database": with_database}, ensure_ascii=False))
        return
    click.echo(f"Written: {file}")
    if not with_database:
        click.echo("The database is on PostgreSQL and not in it: back that up with pg_dump.")
