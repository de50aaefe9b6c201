"""`flask users` and `flask branches`."""

import json
import sys
from typing import Any

import click
from flask.cli import AppGroup

from app.accounts import queries, services
from app.accounts.models import Branch, User
from app.core.db import Intent, db, intending, writing
from app.core.errors import DomainError
from app.core.permissions import Role, Scope

users_group = AppGroup("users", help="The people who sign in.")
branches_group = AppGroup("branches", help="The tree of branches.")

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@users_group.command("create")
@click.option("--username", required=True, help="What the user types to sign in.")
@click.option("--name", required=True, help="The user's own name.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice([r.value for r in Role]),
    help="What the user may do; may be given several times.",
)
@click.option("--branch", "branch_code", help="Code of the branch; the department itself when not given.")
@click.option(
    "--scope",
    default=Scope.BRANCH.value,
    type=click.Choice([s.value for s in Scope]),
    help="Whose records the user sees; of the own branch when not given.",
)
@click.option("--mobile", help="Mobile number, 11 digits.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@as_json_option
def create(
    username: str,
    name: str,
    roles: tuple[str, ...],
    branch_code: str | None,
    scope: str,
    mobile: str | None,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Add a user; prints a one-time password unless one is given on standard input."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    with writing():
        try:
            made = services.create_user(
                username,
                name,
                roles=[Role(role) for role in roles],
                branch=queries.branch_by_code(branch_code) if branch_code else queries.root_branch(),
                scope=Scope(scope),
                mobile=mobile,
                password=password,
            )
        except DomainError as error:
            db.session.rollback()
            raise click.ClickException(str(error)) from error
        shown = _shown(made.user) | ({"password": made.password} if made.password else {})
        db.session.commit()
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False))
    else:
        click.echo(f"Created {shown['username']} ({shown['name']}).")
        if made.password:
            click.echo(f"One-time password: {made.password}")


@users_group.command("first-administrator")
@as_json_option
def first_administrator(as_json: bool) -> None:
    """Give an instance without users its security administrator; where there are users nothing happens."""
    with writing():
        made = services.first_administrator()
        db.session.commit()
        shown = {"username": made.user.username, "password": made.password} if made else {}
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False))
    elif not shown:
        click.echo("There are users already; nothing was done.")
    else:
        click.echo(f"First administrator: {shown['username']}")
        click.echo(f"One-time password:   {shown['password']}  (to be changed at the first login)")


def _shown(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "username": user.username,
        "name": user.name,
        "branch": user.branch.code,
        "scope": user.scope.value,
        "roles": sorted(user.role_set),
        "active": user.active,
    }


@users_group.command("list")
@as_json_option
def list_users(as_json: bool) -> None:
    """Print all users with their branch, scope and roles."""
    with intending(Intent.READ):
        found = [_shown(user) for user in queries.everybody()]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for one in found:
        state = "" if one["active"] else "  (deactivated)"
        click.echo(f"{one['username']:<20} {one['name']}  {one['branch']}  {','.join(one['roles'])}{state}")


@users_group.command("reset-password")
@click.argument("username")
@as_json_option
def reset_password(username: str, as_json: bool) -> None:
    """Give a user a new one-time password, and unlock the account."""
    with writing():
        try:
            user = queries.user_by_name(username)
        except DomainError as error:
            raise click.ClickException(str(error)) from None
        password = services.reset_password(user, by=None)
        shown = _shown(user) | {"password": password}
        db.session.commit()
    click.echo(json.dumps(shown, ensure_ascii=False) if as_json else f"One-time password: {password}")


@branches_group.command("list")
@as_json_option
def list_branches(as_json: bool) -> None:
    """Print the tree of branches."""
    with intending(Intent.READ):
        found = queries.branches(None)
        rows = [_shown_branch(branch) for branch in found]
        lines = [f"{'  ' * queries.depth(b)}{b.code}  {b.name}" for b in found]
    click.echo(json.dumps(rows, ensure_ascii=False) if as_json else "\n".join(lines))


def _shown_branch(branch: Branch) -> dict[str, Any]:
    return {"id": branch.id, "code": branch.code, "name": branch.name, "path": branch.path}


@branches_group.command("create")
@click.option("--code", required=True, help="The branch's code; unique.")
@click.option("--name", required=True, help="The branch's name.")
@click.option("--parent", "parent_code", help="Code of the branch above; the department itself if not given.")
@as_json_option
def create_branch(code: str, name: str, parent_code: str | None, as_json: bool) -> None:
    """Add a branch."""
    with writing():
        try:
            parent = queries.branch_by_code(parent_code) if parent_code else queries.root_branch()
            shown = _shown_branch(services.create_branch(code, name, parent=parent))
        except DomainError as error:
            db.session.rollback()
            raise click.ClickException(str(error)) from error
        db.session.commit()
    click.echo(json.dumps(shown, ensure_ascii=False) if as_json else f"Created {code}.")
