"""Commands about employers and their segments."""

import json

import click
from flask.cli import AppGroup
from sqlalchemy import select

from app.accounts.models import User
from app.core import segments as saved
from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import Actor
from app.core.sentences import Wording
from app.employers.lists import LIST, count_employers, employer_fields

segments = AppGroup("segments", help="Saved criteria over employers.")

as_user = click.option("--user", "username", help="See as this user sees; without it, everything.")
as_json = click.option("--json", "in_json", is_flag=True, help="Print JSON.")


def _reader(username: str | None) -> Actor | None:
    if username is None:
        return None
    found: User | None = db.session.scalar(select(User).where(User.username == username))
    if found is None:
        raise click.ClickException(f"There is no user {username!r}.")
    return found


@segments.command("list")
@as_user
@as_json
def list_segments(username: str | None, in_json: bool) -> None:
    """List the segments with what they mean."""
    wording = Wording(employer_fields())
    rows = [
        {"name": s.name, "sharing": s.sharing.value, "criteria": wording.sentence(s.tree), "tree": s.tree}
        for s in saved.listed(LIST, _reader(username))
    ]
    if in_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['name']}\t{row['sharing']}\t{row['criteria']}")


@segments.command("count")
@click.argument("name")
@as_user
@as_json
def count_segment(name: str, username: str | None, in_json: bool) -> None:
    """Count the employers of the segment NAME."""
    reader = _reader(username)
    try:
        segment = saved.find(name, reader, LIST)
        count = count_employers(segment.tree, reader)
    except DomainError as error:
        raise click.ClickException(str(error)) from None
    criteria = Wording(employer_fields()).sentence(segment.tree)
    found = {"name": segment.name, "count": count, "criteria": criteria}
    click.echo(json.dumps(found, ensure_ascii=False) if in_json else f"{count}\t{criteria}")
