"""`flask arrears`."""

import json
from datetime import date, datetime

import click
from flask.cli import AppGroup

from app.contributions.arrears import services
from app.contributions.standing.queries import report
from app.core.db import db, writing

group = AppGroup("arrears", help="Who is behind with its contributions.")


@group.command("report")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def report_command(as_of: datetime | None, as_json: bool) -> None:
    """Count employers by months in arrears, from the statements known by a day.

    Without a day each employer is counted as the latest statement that names it left it, as on the worklist.
    Months are reckoned as domain rule E1 has it: paid through against the latest month whose due day (pay day
    and five) lies strictly before the day. Counted are normal accounts, and opened ones that have paid;
    deferred, sealed and closed accounts, and those that never paid and owe nothing, are listed apart. An
    account is deferred until the approved term is over; months under a make-up plan that is kept are not in
    arrears.
    `due_units` are all employers that should contribute (应缴单位), and `good_standing_headcount` the
    contributing employees of those with 0 months, and of all of them: numerator and denominator of
    正常缴存人数比 (domain rule E2).
    """
    found = report(as_of.date() if as_of else None, None)
    answer = found.as_json()
    if as_json:
        click.echo(json.dumps(answer))
        return
    _print(found.on, answer)


def _print(day: date, answer: dict[str, object]) -> None:
    click.echo(f"as of {day}")
    for name, value in answer.items():
        click.echo(f"{name:>24}  {value}")


@group.command("reckon")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def reckon_command(as_json: bool) -> None:
    """Open and close the cases that older statements ask for; the same is done each night."""
    with writing():
        number = services.catch_up()
        db.session.commit()
    click.echo(json.dumps({"employers": number}) if as_json else f"{number} employers")
