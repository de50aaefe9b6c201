"""`flask letters`: a letter's document from a shell."""

import json
from pathlib import Path

import click
from flask.cli import AppGroup
from flask_babel import gettext as _

from app.core.errors import DomainError
from campaigns.channels.letter.issued import queries
from campaigns.channels.letter.issued.workflow import find

group = AppGroup("letters", help="Make the documents of letters again.")


@group.command("render")
@click.argument("letter_id", type=int)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to; by its number if absent."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def render(letter_id: int, out: Path | None, as_json: bool) -> None:
    """Make a letter again from what was kept, and say whether it is the archived one to the byte."""
    try:
        letter = find(letter_id, None)
        made = queries.rendered(letter)
    except DomainError as error:
        raise click.ClickException(str(error)) from error
    path = out or Path(f"{letter.number}.pdf")
    path.write_bytes(made)
    same = queries.is_unchanged(letter, queries.archived_again(letter))
    if as_json:
        click.echo(json.dumps({"file": str(path), "unchanged": same}, ensure_ascii=False))
        return
    told = (
        _("The same bytes as in the archive.")
        if same
        else _("The archive holds other bytes (fonts, typst or layout have changed since).")
    )
    click.echo(f"{path}: {told}")
