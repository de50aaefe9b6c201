"""`flask campaigns`: run campaigns from a shell, and see that they add up.

Commands act as the system, or with `--as USER` as that user, whose role and branch then count. Without
workers the sending happens in the command itself.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

import click
from flask.cli import AppGroup
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from app.accounts.models import User
from app.accounts.queries import user_by_name
from app.core.criteria import segments
from app.core.db import db, writing
from app.core.errors import DomainError, NotFound
from app.core.jobs import run_inline, run_somewhere
from app.core.permissions import Actor, may
from app.employers.lists import LIST
from campaigns.channels.letter import text
from campaigns.channels.letter.models import LetterVersion
from campaigns.channels.letter.queries import outline_named
from campaigns.drafting import services as drafting
from campaigns.drafting.letters import services as letters
from campaigns.drafting.letters.forms import asked
from campaigns.drafting.models import Campaign, Channel, ContactOrder, MessageClass
from campaigns.drafting.policy import FREQUENCY_DAYS, Permission
from campaigns.drafting.queries import find
from campaigns.drafting.templates.queries import named
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


@group.command("create")
@click.option("--segment", required=True, metavar="S", help="Saved segment of employers, by its name.")
@click.option(
    "--template",
    required=True,
    metavar="T",
    help="A template of messages or an outline of letters by its name or code, or the text of a message "
    "itself with {variables}.",
)
@click.option(
    "--channel",
    type=click.Choice([str(one) for one in Channel]),
    help="Where a name stands for both; else it follows from the template.",
)
@click.option("--name", required=True, metavar="N", help="Name of the campaign.")
@click.option("--class", "kind", type=click.Choice([str(k) for k in MessageClass]), help="Kind of message.")
@click.option("--deadline", type=click.DateTime(["%Y-%m-%d"]), help="Fills {deadline}.")
@click.option("--value", "values", multiple=True, metavar="NAME=VALUE", help="What the template asks for.")
@click.option("--submit", is_flag=True, help="Hand it to a second person for approval at once.")
@click.option("--as", "username", metavar="USER", help="Who writes it; left out: whose segment it is.")
@as_json
def create(
    segment: str,
    template: str,
    channel: str | None,
    name: str,
    kind: str | None,
    deadline: datetime | None,
    values: tuple[str, ...],
    submit: bool,
    username: str | None,
    wants_json: bool,
) -> None:
    """Write a campaign by SMS or by letter to the employers of a segment."""
    try:
        with writing():
            found = segments.find(segment, _author(username) if username else None, LIST)
            author = _author(username) if username else _whose(found)
            wanted = _Wanted(name, found, kind, deadline.date() if deadline else None, _given(values))
            campaign = _drafted(template, channel, wanted, author)
            if submit:
                drafting.submit(campaign, author)
            db.session.commit()
            made = campaign.id
    except DomainError as error:
        raise _refusal(error) from error
    _tell(find(made, None), wants_json)


class _Wanted(NamedTuple):
    """What is said of a new campaign beside its template."""

    name: str
    segment: segments.Segment
    kind: str | None
    deadline: date | None
    values: Mapping[str, str]


def _drafted(template: str, channel: str | None, wanted: _Wanted, author: User) -> Campaign:
    """By letter where the template is an outline, and no template of messages has its name."""
    ready = named(template) if channel != Channel.LETTER else None
    outline = outline_named(template) if ready is None and channel != Channel.SMS else None
    if outline is not None:
        return letters.draft(_letter(outline, wanted), author, author.branch)
    if channel == Channel.LETTER:
        raise NotFound(_("There is no such outline."))
    wish = drafting.Wish(
        name=wanted.name,
        segment_id=wanted.segment.id,
        criteria=wanted.segment.tree,
        message_class=MessageClass(wanted.kind) if wanted.kind else MessageClass.SERVICE,
        template_text=ready.text if ready else template,
        deadline=wanted.deadline,
        contact_order=ContactOrder.HANDLER_FIRST,
        frequency_days=FREQUENCY_DAYS,
        template_version_id=ready.id if ready else None,
        values=wanted.values,
    )
    return drafting.draft(wish, author, author.branch)


def _letter(version: LetterVersion, wanted: _Wanted) -> letters.LetterWish:
    """The outline says what kind of message it is, and what else it asks for."""
    if wanted.kind and wanted.kind != version.template.message_class:
        raise DomainError(_("The outline says what kind of message it is: leave --class out."))
    needed, given = asked(version), dict(wanted.values)
    if wanted.deadline:
        given["deadline"] = wanted.deadline.isoformat()
    unknown = sorted(given.keys() - {one.name for one in needed})
    if unknown:
        raise DomainError(_("The outline does not ask for: %(names)s", names=", ".join(unknown)))
    return letters.LetterWish(
        wanted.name,
        wanted.segment.id,
        wanted.segment.tree,
        version,
        text.written(needed, given),
        wanted.deadline,
    )


@group.command("approve")
@click.argument("campaign_id", type=int)
@click.option("--as", "username", required=True, metavar="USER", help="Who approves it: not its author.")
@click.option("--seal", metavar="HASH", help="Refuse unless text and audience still have this seal.")
@click.option("--comment", default="", help="Kept with the approval.")
@as_json
def approve(campaign_id: int, username: str, seal: str | None, comment: str, wants_json: bool) -> None:
    """Approve a submitted campaign, exactly as its audience is reckoned now."""
    try:
        with writing():
            approver = _author(username)
            campaign = find(campaign_id, approver, lock=True)
            if not may(approver, Permission.APPROVE):
                raise DomainError(_("You may not approve campaigns."))
            drafting.reckon_again(campaign)
            drafting.approve(campaign, approver, seal or drafting.seal(campaign), comment)
            db.session.commit()
    except DomainError as error:
        raise _refusal(error) from error
    _tell(find(campaign_id, None), wants_json)


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
    _move(controlling.cancel, campaign_id, username, wants_json, wake=True)


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
        raise _refusal(error) from error
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
    if waiting and campaign.state == "running" and campaign.channel is Channel.LETTER:
        told_of = ngettext(
            "%(num)d letter is not made yet. It is made as soon as a worker runs.",
            "%(num)d letters are not made yet. They are made as soon as a worker runs.",
            waiting,
        )
        click.echo(told_of, err=True)
    elif waiting and campaign.state == "running":
        click.echo(
            ngettext(
                "%(num)d message is not sent yet. It goes out as soon as a worker reaches the gateway.",
                "%(num)d messages are not sent yet. They go out as soon as a worker reaches the gateway.",
                waiting,
            ),
            err=True,
        )


def _author(username: str) -> User:
    user = _actor(username)
    assert isinstance(user, User)  # noqa: S101 - a name was given
    return user


def _whose(segment: segments.Segment) -> User:
    """Whoever made the segment writes the campaign, where nobody else is named."""
    if segment.owner is None:
        raise DomainError(_("Nobody owns this segment: say by --as who writes the campaign."))
    return _author(segment.owner.username)


def _given(values: Iterable[str]) -> dict[str, str]:
    """NAME=VALUE, each once."""
    pairs = [one.partition("=") for one in values]
    if wrong := [name for name, sign, _value in pairs if not (sign and name)]:
        raise DomainError(_("Write a value as NAME=VALUE: %(wrong)s", wrong=", ".join(wrong)))
    return {name.strip(): value.strip() for name, _sign, value in pairs}


def _refusal(error: DomainError) -> click.ClickException:
    return click.ClickException("\n".join([str(error.message), *map(str, error.reasons)]))


def _actor(username: str | None) -> Actor | None:
    if username is None:
        return None
    user = user_by_name(username)
    if not user.active:
        raise DomainError(_("The account of “%(name)s” was deactivated.", name=username))
    return user
