"""`flask audit`: prove the trail."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict

import click
from flask.cli import AppGroup

from app.audit import queries
from app.core.db import Intent, intending
from app.core.features import current_features
from app.core.proofs import Findings, Proof

group = AppGroup("audit", help="The audit trail.")


@group.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def verify(as_json: bool) -> None:
    """Recompute the whole chain of events, and what the events vouch for: the rows of imports.

    Exits with 1 and names the first event that is not whole, or the imports whose rows were changed since.
    """
    with intending(Intent.READ):
        report = queries.verify()
        # a broken chain vouches for nothing
        found = {p: p.check() for p in current_features().proofs} if report.whole else {}
    if as_json:
        click.echo(json.dumps(_as_data(report, found)))
    else:
        for line in _as_lines(report, found):
            click.echo(line)
    if not report.whole or any(findings.flaws for findings in found.values()):
        raise SystemExit(1)


Found = Mapping[Proof, Findings]


def _as_data(report: queries.ChainReport, found: Found) -> dict[str, object]:
    flawed = any(findings.flaws for findings in found.values())
    result: dict[str, object] = {"whole": report.whole and not flawed, "events": report.events}
    if not report.whole:
        result |= {"broken": report.broken, "reason": report.reason}
    return result | {proof.name: asdict(findings) for proof, findings in found.items()}


def _as_lines(report: queries.ChainReport, found: Found) -> Iterator[str]:
    if report.whole:
        yield f"chain whole: {report.events} events"
    else:
        yield f"chain broken at event {report.broken}: {report.reason}"
    for proof, findings in found.items():
        if findings != Findings():
            yield f"{proof.name} whole: {findings.whole}"
        for flaw in findings.flaws:
            where = f", between rows {flaw.rows[0]} and {flaw.rows[1]} of the file" if flaw.rows else ""
            yield f"{proof.record} {flaw.record_id} ({flaw.name}): {flaw.reason}{where}"
        if findings.unsealed:
            numbers = ", ".join(map(str, findings.unsealed))
            yield f"{proof.name} from before digests were kept, which nothing vouches for: {numbers}"
