"""`flask demo load` and `flask demo logins`."""

import json

import click
from flask.cli import AppGroup
from sqlalchemy import func, select

from app.accounts.demo import BRANCHES, DEPARTMENT, PASSWORD, PEOPLE
from app.accounts.models import User
from app.core.db import db, writing
from app.core.demo import Demo
from app.core.features import current_features
from app.core.language.i18n import to_console as _
from app.core.permissions import ROLE_LABELS
from app.employers.models import Employer

group = AppGroup("demo", help="The demonstration department.")


@group.command("load")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def load(as_json: bool) -> None:
    """Load the demonstration department into an empty instance; a second call changes nothing."""
    with writing():
        loaded = not db.session.scalar(select(func.count()).select_from(User))
        if loaded:
            _load()
        count = db.session.scalar(select(func.count()).select_from(Employer))
    if as_json:
        click.echo(json.dumps({"loaded": loaded, "employers": count}))
    elif loaded:
        click.echo(_("Loaded the demonstration department: %(count)s employers.", count=count))
    else:
        click.echo(_("This instance already has users; the demonstration department is not loaded again."))


def _load() -> None:
    demo = Demo()
    for feature in current_features().all:
        if feature.demo is not None:
            feature.demo(demo)
            db.session.flush()
    db.session.commit()


@group.command("logins")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def logins(as_json: bool) -> None:
    """Print the demonstration's logins, if its people are still there."""
    found = _logins()
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for one in found:
        click.echo(f"  {one['username']:<12} {_('%(role)s %(name)s (%(place)s)', **one)}")
    if found:
        click.echo("  " + _("password of all: %(password)s", password=PASSWORD))


def _logins() -> list[dict[str, str]]:
    usernames = set(db.session.scalars(select(User.username)))
    places = dict(BRANCHES)
    return [
        {
            "username": person.username,
            "name": person.name,
            "role": _("%(role)s", role=ROLE_LABELS[person.role]),
            "place": places.get(person.place, DEPARTMENT),
            "password": PASSWORD,
        }
        for person in PEOPLE
        if person.shown and person.username in usernames
    ]
