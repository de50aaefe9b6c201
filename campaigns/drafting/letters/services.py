"""Drafting a campaign by letter. Submitting, approving and launching are the same as of any other."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from app.accounts.models import Branch
from app.core.clock import today
from app.core.db import db
from app.core.permissions import Actor
from campaigns.channels.letter import text
from campaigns.channels.letter.models import LetterVersion
from campaigns.channels.letter.policy import PRICE
from campaigns.channels.letter.queries import frozen
from campaigns.drafting import services as drafting
from campaigns.drafting.content.policy import check
from campaigns.drafting.models import Campaign, Channel, ContactOrder, MessageClass
from campaigns.drafting.queries import sender_of


@dataclass(frozen=True)
class LetterWish:
    """What an author decides; `given` are values that only the author knows, as letters write them."""

    name: str
    segment_id: int | None
    criteria: dict[str, Any]
    version: LetterVersion
    given: Mapping[str, str]
    deadline: date | None = None
    contact_order: ContactOrder = ContactOrder.EMPLOYER
    frequency_days: int = 0
    hold_out: int = 0


def draft(wish: LetterWish, actor: Actor, branch: Branch) -> Campaign:
    """A new campaign by letter, its audience reckoned. Raises DomainError with every objection."""
    campaign = Campaign(branch_id=branch.id, branch=branch, created_by_id=actor.id, channel=Channel.LETTER)
    _write(campaign, wish, actor)
    db.session.add(campaign)
    db.session.flush()
    drafting.reckon_again(campaign)
    return campaign


def examine(wish: LetterWish, actor: Actor, branch: Branch) -> None:
    """Raises DomainError with every objection to such a campaign; nothing is kept."""
    _write(Campaign(branch_id=branch.id, branch=branch, channel=Channel.LETTER), wish, actor)


def revise(campaign: Campaign, wish: LetterWish, actor: Actor) -> Campaign:
    """Changes a campaign; one that was submitted or approved is a draft again, its approval void."""
    drafting.reopen(campaign, actor)
    _write(campaign, wish, actor)
    drafting.reckon_again(campaign)
    return campaign


def _write(campaign: Campaign, wish: LetterWish, actor: Actor) -> None:
    with db.session.no_autoflush:
        signature = sender_of(campaign.branch).signature
        campaign.letter = frozen(wish.version, campaign.branch, wish.given, today())
    campaign.letter_version = wish.version
    campaign.name = wish.name
    campaign.segment_id = wish.segment_id
    campaign.criteria = wish.criteria
    campaign.message_class = MessageClass(wish.version.template.message_class)
    # what is approved, word for word, should an outline ever be changed past its versions
    campaign.template_text = text.wording(wish.version)
    campaign.signature = signature
    campaign.price = Decimal(PRICE.value()) / 100
    campaign.deadline = wish.deadline
    campaign.contact_order = wish.contact_order
    campaign.frequency_days = wish.frequency_days
    campaign.verified_only = False
    campaign.hold_out = wish.hold_out
    campaign.edited_by_id = actor.id
    campaign.touched_by(actor.id)
    check(campaign)
