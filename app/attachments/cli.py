"""`flask attachments`: prove that every file is what it was."""

import json
from dataclasses import asdict

import click
from flask.cli import AppGroup

from app.attachments import queries
from app.core.db import Intent, intending

group = AppGroup("attachments", help="Files on records.")


@group.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def verify(as_json: bool) -> None:
    """Read every attached file and compare it with its hash; exit with 1 when one is missing or damaged."""
    with intending(Intent.READ):
        report = queries.verify()
    if as_json:
        click.echo(json.dumps({"whole": report.whole, **asdict(report)}))
    else:
        click.echo(f"{'whole' if report.whole else 'NOT WHOLE'}: {report.files} files, {report.bytes} bytes")
        for problem in ("missing", "damaged", "unknown"):
            for sha256 in getattr(report, problem):
                click.echo(f"{problem}: {sha256}")
    if not report.whole:
        raise SystemExit(1)
