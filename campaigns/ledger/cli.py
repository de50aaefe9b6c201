"""`flask campaigns`: run campaigns from a shell, and see that they add up.

Commands act as the system, or with `--as USER` as that user, whose role and branch then count. Without
workers the sending happens in the command itself.
"""

import json
from collections.abc import Callable

import click
from flask.cli import AppGroup
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from app.accounts.queries import user_by_name
from app.core.db import db, writing
from app.core.errors import DomainError
from app.core.jobs import run_inline, run_somewhere
from app.core.permissions import Actor
from campaigns.drafting.models import Campaign
from campaigns.drafting.queries import find
from campaigns.ledger import jobs, queries
from campaigns.ledger.services import controlling, sweeping

group = AppGroup("campaigns", help="Send campaigns, and account for every message.")

as_user = click.option("--as", "username", metavar="USER", help="Act as this user instead of as the system.")
as_json = click.option("--json", "wants_json", is_flag=True, help="Print JSON.")


@group.command("list")
@as_json
def list_campaigns(wants_json: bool) -> None:
    """Every campaign with its state, the newest first."""
    campaigns = db.session.scalars(select(Campaign).order_by(Campaign.id.desc())).all()
    rows = [
        {"id": c.id, "name": c.name, "state": str(c.state), "recipients": c.recipients} for c in campaigns
    ]
    if wants_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['id']:>6}  {row['state']:<10}  {row['recipients']:>7}  {row['name']}")


@group.command("launch")
@click.argument("campaign_id", type=int)
@as_user
@as_json
def launch(campaign_id: int, username: str | None, wants_json: bool) -> None:
    """Start an approved campaign."""
    _move(controlling.launch, campaign_id, username, wants_json, wake=True)


@group.command("pause")
@click.argument("campaign_id", type=int)
@as_user
@as_json
def pause(campaign_id: int, username: str | None, wants_json: bool) -> None:
    """Stop a campaign after the batches that are under way."""
    _move(controlling.pause, campaign_id, username, wants_json)


@group.command("resume")
@click.argument("campaign_id", type=int)
@as_user
@as_json
def resume(campaign_id: int, username: str | None, wants_json: bool) -> None:
    """Go on with a paused campaign."""
    _move(controlling.resume, campaign_id, username, wants_json, wake=True)


@group.command("cancel")
@click.argument("campaign_id", type=int)
@as_user
@as_json
def cancel(campaign_id: int, username: str | None, wants_json: bool) -> None:
    """Send nothing more of a campaign."""
    _move(controlling.cancel, campaign_id, username, wants_json)


@group.command("balance")
@click.argument("campaign_id", type=int)
@as_json
def balance(campaign_id: int, wants_json: bool) -> None:
    """Everybody in the audience accounted for: audience = the sum of all states."""
    try:
        shown = queries.balance(find(campaign_id, None)).as_json()
    except DomainError as error:
        raise click.ClickException(str(error)) from error
    if wants_json:
        click.echo(json.dumps(shown, ensure_ascii=False))
        return
    for name, value in shown.items():
        click.echo(f"{name:<17} {value}")


@group.command("sweep")
@click.option("--now", "at_once", is_flag=True, help="Ask the gateway about everything that is open at once.")
def sweep(at_once: bool) -> None:
    """Look for what was left behind, as the scheduler does every few seconds."""
    if at_once:
        with writing():
            sweeping.ask_at_once()
            db.session.commit()
    with run_inline():
        jobs.sweep()


def _move(
    step: Callable[[int, Actor | None], Campaign],
    campaign_id: int,
    username: str | None,
    wants_json: bool,
    wake: bool = False,
) -> None:
    """Take the step, commit, and have the sending done by workers, or here if there are none."""
    try:
        with run_somewhere(), writing():
            campaign = step(campaign_id, _actor(username))
            if wake:
                jobs.wake(campaign.id)
            # After the commit nothing may be read here: the jobs need the writer's place.
            db.session.commit()
    except DomainError as error:
        raise click.ClickException(str(error)) from error
    _tell(find(campaign_id, None), wants_json)


def _tell(campaign: Campaign, wants_json: bool) -> None:
    """Where the campaign stands after a step; a gateway that is not there sends nothing, which is said."""
    counts = queries.balance(campaign).as_json()
    if wants_json:
        told = {"id": campaign.id, "name": campaign.name, "state": str(campaign.state), "balance": counts}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(f"{campaign.name}: {campaign.state}")
    waiting = counts["planned"]
    if waiting and campaign.state == "running":
        click.echo(
            ngettext(
                "%(num)d message is not sent yet. It goes out as soon as a worker reaches the gateway.",
                "%(num)d messages are not sent yet. They go out as soon as a worker reaches the gateway.",
                waiting,
            ),
            err=True,
        )


def _actor(username: str | None) -> Actor | None:
    if username is None:
        return None
    user = user_by_name(username)
    if not user.active:
        raise DomainError(_("The account of “%(name)s” was deactivated.", name=username))
    return user
