"""`flask audit`: prove the trail."""

import json

import click
from flask.cli import AppGroup

from app.audit import queries
from app.core.db import Intent, intending

group = AppGroup("audit", help="The audit trail.")


@group.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def verify(as_json: bool) -> None:
    """Recompute the whole chain of events; exit with 1 and name the first event that is not whole."""
    with intending(Intent.READ):
        report = queries.verify()
    if as_json:
        result: dict[str, object] = {"whole": report.whole, "events": report.events}
        if not report.whole:
            result |= {"broken": report.broken, "reason": report.reason}
        click.echo(json.dumps(result))
    elif report.whole:
        click.echo(f"chain whole: {report.events} events")
    else:
        click.echo(f"chain broken at event {report.broken}: {report.reason}")
    if not report.whole:
        raise SystemExit(1)
