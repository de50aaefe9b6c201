"""Commands about employers and their segments."""

import json
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy import inspect

from app.accounts.queries import user_by_name
from app.core.criteria import segments as saved
from app.core.criteria.sentences import Wording
from app.core.db import db
from app.core.errors import DomainError
from app.core.language.i18n import translated
from app.core.language.text import mask_phone
from app.core.permissions import Actor
from app.core.undoing.reversible import plain
from app.employers import queries
from app.employers.lists import LIST, count_employers, employer_fields
from app.employers.models import Employer, EmployerContact
from app.employers.search.services import reindex

employers = AppGroup("employers", help="The employers.")
segments = AppGroup("segments", help="Saved criteria over employers.")

as_user = click.option("--user", "username", help="See as this user sees; without it, everything.")
as_json = click.option("--json", "in_json", is_flag=True, help="Print JSON.")


def _reader(username: str | None) -> Actor | None:
    if username is None:
        return None
    try:
        return user_by_name(username)
    except DomainError as error:
        raise click.ClickException(str(error)) from None


@employers.command("show")
@click.argument("code")
@as_user
@as_json
def show_employer(code: str, username: str | None, in_json: bool) -> None:
    """Show the employer with the credit code or account number CODE."""
    try:
        employer = queries.find_by_code(code, _reader(username))
    except DomainError as error:
        raise click.ClickException(str(error)) from None
    shown = _facts(employer) | {
        "contacts": [_contact(link) for link in employer.contacts],
        "former_names": [plain({"name": one.name, "until": one.until}) for one in employer.former_names],
    }
    if in_json:
        click.echo(json.dumps(shown, ensure_ascii=False, indent=1))
        return
    for name, value in shown.items():
        for one in value if isinstance(value, list) else [value]:
            told = ", ".join(f"{key}: {part}" for key, part in one.items()) if isinstance(one, dict) else one
            click.echo(f"{name}\t{'' if told is None else told}")


def _facts(employer: Employer) -> dict[str, Any]:
    """Every column by its name, as JSON keeps it; branch and people by what they are called."""
    facts = plain({column.key: getattr(employer, column.key) for column in inspect(Employer).column_attrs})
    people = {name: getattr(employer, name) for name in ("owner", "backup_owner", "first_contact_owner")}
    named = {name: who.username if who else None for name, who in people.items()}
    reason = translated(employer.ineligible_reason) if employer.ineligible_reason else None
    return facts | named | {"branch": employer.branch.name, "ineligible_reason": reason}


def _contact(link: EmployerContact) -> dict[str, Any]:
    person = link.contact
    numbers = {"mobile": mask_phone(person.mobile) or None, "landline": mask_phone(person.landline) or None}
    dates = {"since": link.since, "until": link.until, "verified_on": person.verified_on}
    return {"role": link.role.value, "name": person.name, **numbers, **plain(dates)}


@employers.command("reindex")
@as_json
def reindex_employers(in_json: bool) -> None:
    """Make the search index anew, as the scheduler does by itself for employers that have none."""
    number = reindex()
    db.session.commit()
    click.echo(json.dumps({"employers": number}) if in_json else number)


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
