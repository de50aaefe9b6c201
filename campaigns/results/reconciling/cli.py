"""`flask campaigns reconcile`: the ledger against all who had a hand in it."""

import json
from typing import Any

import click

from app.core.errors import DomainError
from campaigns.drafting.models import Campaign, Channel
from campaigns.drafting.queries import find
from campaigns.ledger.services import reconciling
from campaigns.results.reconciling import queries


@click.command("reconcile")
@click.argument("campaign_id", type=int)
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
def reconcile(campaign_id: int, wants_json: bool) -> None:
    """Hold every message against the gateways and their bill, or every letter against the print manifests.

    Exits with 1 where they differ. Nothing is written. A gateway that cannot be asked, or knows no keys, is
    told apart from one that differs; a bill that was not imported yet is told, and is no difference.
    """
    try:
        found = _compared(find(campaign_id, None))
    except DomainError as error:
        raise click.ClickException(str(error)) from error
    if wants_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        for name, value in found.items():
            click.echo(f"{name:<17} {value}")
    if not found["agrees"]:
        raise SystemExit(1)


def _compared(campaign: Campaign) -> dict[str, Any]:
    if campaign.channel is Channel.LETTER:
        manifests = queries.manifests(campaign)
        told = {"campaign": campaign.id, "channel": str(campaign.channel), "print": manifests.as_json()}
        return {**told, "agrees": manifests.differing == 0}
    asked, bill = reconciling.compare(campaign), queries.bill(campaign)
    agrees = asked.agrees and (not bill.billed or bill.differing == 0)
    told = {"channel": str(campaign.channel), **asked.as_json(), "bill": bill.as_json()}
    told["follow_up_letters"] = queries.follow_up_letters(campaign.id)
    return {**told, "agrees": agrees}
