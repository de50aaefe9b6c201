"""`flask personal`: the keys of personal data. `flask retention`: what has been kept long enough."""

import json

import click
from flask.cli import AppGroup
from flask_babel import gettext as _

from app.core.db import Intent, db, intending, writing
from app.core.errors import DomainError
from app.core.features import current_features
from app.core.jobs import run_somewhere
from app.core.personal.keys import key_path, keys_in_use
from app.core.personal.retaining import Retention
from app.personal import queries, services

personal = AppGroup("personal", help="The keys that ID numbers are sealed with.")


@personal.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Where the keys are and how many values each has sealed; exit with 1 when one is lost."""
    with intending(Intent.READ):
        trouble, counts, used = queries.trouble_with_keys(), queries.values_by_key(), sorted(keys_in_use())
        report = {
            "file": str(key_path()),
            "in_file": queries.numbers_in_file(),
            "in_use": used,
            "values": {str(number): count for number, count in sorted(counts.items())},
            "trouble": trouble,
        }
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        for name, value in report.items():
            click.echo(f"{name:<8} {value}")
    if trouble:
        raise SystemExit(1)


@personal.command("rotate-key")
@click.option("--prepare", is_flag=True, help="Only write a new key, to be copied and backed up.")
@click.option("--batch", default=services.BATCH, show_default=True, help="How many values to seal at a time.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rotate_key(prepare: bool, batch: int, as_json: bool) -> None:
    """Change the key and seal everything anew; stopped at any time, it goes on when called again."""

    def tell(text: str) -> None:
        if not as_json:
            click.echo(text)

    total = 0
    try:
        with writing():
            number = services.new_key() if prepare else services.change_key()
            db.session.commit()
            if prepare:
                tell(f"Key {number} is in {key_path()}: copy and back up the file, then rotate.")
            else:
                tell(f"Key {number} is in use.")
            for done in () if prepare else services.reseal(batch):
                db.session.commit()
                total += done
                if done:
                    tell(f"{total} values sealed anew.")
        if as_json:
            click.echo(json.dumps({"key": number, "in_use": not prepare, "values": total}))
    except DomainError as error:
        db.session.rollback()
        raise click.ClickException(error.message) from error


retention = AppGroup("retention", help="How long personal data is kept.")


@retention.command("run")
@click.argument("rules", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Only count what is due.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def run(rules: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Delete what has been kept long enough, by the named RULES or by all that are on; it may be stopped."""
    known = current_features().retention
    if unknown := [code for code in rules if code not in known]:
        refusal = _(
            "There is no rule “%(rule)s”. There are: %(rules)s.", rule=unknown[0], rules=", ".join(known)
        )
        raise click.ClickException(refusal)
    chosen = [known[code] for code in rules] or list(known.values())
    report: dict[str, int] = {}
    for rule in chosen:
        with intending(Intent.READ):
            months, enabled = queries.set_for(rule)
            due = queries.count_due(rule, months)
            db.session.rollback()
        if enabled or rules:
            report[rule.code] = due if dry_run else _carried_out(rule)
    if as_json:
        click.echo(json.dumps({"dry_run": dry_run, "records": report}))
        return
    for code, count in report.items():
        click.echo(f"{code:<10} {count} {'due' if dry_run else 'forgotten'}")


def _carried_out(rule: Retention) -> int:
    total = 0
    # files of what was deleted are removed by a worker, or here where none listens
    with run_somewhere(), writing():
        for done in services.carry_out(rule):
            db.session.commit()
            total += done
    return total
