"""Writes of drafting: a campaign is drafted, changed, submitted, approved or sent back.

Any change to a submitted or approved campaign takes it back to draft; an approval is given for the text and
the audience that the approver saw, and for nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.accounts.models import Branch
from app.core.clock import now
from app.core.criteria.segments import Segment
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.permissions import Actor
from app.core.workflow.acts import allowed, demand
from app.core.workflow.engine import transition
from campaigns.channels.sms import text as sms
from campaigns.drafting.audience.services import refresh
from campaigns.drafting.content.models import declared
from campaigns.drafting.content.policy import check, objections
from campaigns.drafting.content.queries import units
from campaigns.drafting.letters.queries import quote_law
from campaigns.drafting.models import Campaign, CampaignState, Channel, ContactOrder, MessageClass, Sender
from campaigns.drafting.policy import content_fingerprint, fingerprint, schedule_faults
from campaigns.drafting.queries import sender_of
from campaigns.drafting.templates.queries import version as published_version
from campaigns.drafting.workflow import CAMPAIGN


@dataclass(frozen=True)
class Wish:
    """What an author decides: to whom (a saved segment and its criteria), what, and with which care.

    A published wording brings its own text and class; `values` are what it asks authors for, by name.
    """

    name: str
    segment_id: int | None
    criteria: dict[str, Any]
    message_class: MessageClass
    template_text: str
    deadline: date | None
    contact_order: ContactOrder
    frequency_days: int
    verified_only: bool = False
    hold_out: int = 0
    template_version_id: int | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    send_from: datetime | None = None
    send_until: datetime | None = None
    working_days_only: bool = False


def draft(wish: Wish, actor: Actor, branch: Branch) -> Campaign:
    """A new campaign with its audience reckoned. Raises DomainError with every objection to the text."""
    campaign = Campaign(branch_id=branch.id, branch=branch, created_by_id=actor.id)
    _write(campaign, wish, actor)
    db.session.add(campaign)
    db.session.flush()
    reckon_again(campaign)
    return campaign


def revise(campaign: Campaign, wish: Wish, actor: Actor) -> Campaign:
    """Changes a campaign; one that was submitted or approved is a draft again, its approval void."""
    reopen(campaign, actor)
    _write(campaign, wish, actor)
    reckon_again(campaign)
    return campaign


def reopen(campaign: Campaign, actor: Actor) -> None:
    """Before a change: what was submitted or approved is a draft again."""
    demand(campaign, "edit", actor)
    if campaign.state is not CampaignState.DRAFT:
        transition(CAMPAIGN, campaign, "revise", actor)


def _write(campaign: Campaign, wish: Wish, actor: Actor) -> None:
    with db.session.no_autoflush:
        sender = sender_of(campaign.branch)
    campaign.name = wish.name
    campaign.segment_id = wish.segment_id
    campaign.criteria = wish.criteria
    _say(campaign, wish)
    campaign.deadline = wish.deadline
    campaign.contact_order = wish.contact_order
    campaign.frequency_days = wish.frequency_days
    campaign.verified_only = wish.verified_only
    campaign.hold_out = wish.hold_out
    campaign.send_from, campaign.send_until = wish.send_from, wish.send_until
    campaign.working_days_only = wish.working_days_only
    campaign.signature = sender.signature
    campaign.price = sender.price
    campaign.edited_by_id = actor.id
    campaign.touched_by(actor.id)
    check(campaign)
    if reasons := schedule_faults(campaign):
        raise DomainError(_l("It cannot be sent at these times:"), reasons)


def _say(campaign: Campaign, wish: Wish) -> None:
    version = published_version(wish.template_version_id) if wish.template_version_id else None
    campaign.template_version = version
    campaign.template_version_id = version.id if version else None
    campaign.template_text = version.text if version else wish.template_text.strip()
    campaign.message_class = MessageClass(version.template.message_class) if version else wish.message_class
    names = [one.name for one in declared(version).values() if not one.known]
    campaign.template_values = {name: wish.values[name] for name in names if wish.values.get(name)}


def reckon_again(campaign: Campaign) -> bool:
    """Reckons the audience of an open campaign anew; True if an approver has to look at it again.

    It follows its segment, should that have been changed meanwhile. After the approval the audience stands
    still: nothing is done and the answer is False.
    """
    if not allowed(campaign, "reckon", None):
        return False
    before = seal(campaign)
    segment = db.session.get(Segment, campaign.segment_id) if campaign.segment_id else None
    if segment is not None:
        campaign.criteria = segment.tree
    if campaign.channel is Channel.LETTER:
        quote_law(campaign)
    refresh(campaign, sender_of(campaign.branch).phone)
    campaign.segments = 0 if objections(campaign) else units(campaign)
    db.session.flush()
    # other criteria may mean the same employers, and the law be cited anew for the same readers
    return seal(campaign) != before


def submit(campaign: Campaign, actor: Actor) -> None:
    """Hands a draft to a second person, with the audience of this minute."""
    check(campaign)
    reckon_again(campaign)
    transition(CAMPAIGN, campaign, "submit", actor)


def seal(campaign: Campaign) -> str:
    """The fingerprint of what a page shows; an approval names the one it was given for."""
    return fingerprint(content_fingerprint(campaign), campaign.audience_hash or "")


def approve(campaign: Campaign, actor: Actor, seen: str, comment: str = "") -> None:
    """Approves exactly what the approver saw, and freezes it.

    Raises Conflict when text or audience is another by now, DomainError when the actor may not.
    """
    if seen != seal(campaign):
        raise Conflict(_l("Text or audience changed after you opened the page; please look at it again."))
    check(campaign)
    transition(CAMPAIGN, campaign, "approve", actor, comment=comment)
    campaign.approved_hash = seal(campaign)
    campaign.approved_by_id = actor.id
    campaign.approved_at = now()
    campaign.editor_ids = []
    db.session.flush()


def send_back(campaign: Campaign, actor: Actor, comment: str) -> None:
    """Returns a campaign to its author, who must learn why."""
    if not comment.strip():
        raise DomainError(_l("Please say what the author should change."))
    transition(CAMPAIGN, campaign, "return", actor, comment=comment)


def discard(campaign: Campaign, actor: Actor) -> None:
    """Gives up a campaign that was never launched; it stays in the list as cancelled."""
    transition(CAMPAIGN, campaign, "discard", actor)


def set_sender(branch: Branch, signature: str, phone: str, price: Any) -> Sender:
    """How a branch signs from now on; a campaign keeps its signature until it is changed."""
    sms.check(signature, phone)
    sender = sender_of(branch)
    if sender.id is None or sender.branch_id != branch.id:
        sender = Sender(branch_id=branch.id)
        db.session.add(sender)
    sender.signature, sender.phone, sender.price = signature, phone, price
    db.session.flush()
    return sender


def uses_of(segment: Segment) -> list[Any]:
    """Why a segment cannot be deleted: campaigns that still follow it."""
    following = Campaign.state.in_(CAMPAIGN.open_to("reckon"))
    query = select(Campaign.name).where(Campaign.segment_id == segment.id, following)
    return [_l("The campaign “%(name)s” follows it.", name=name) for name in db.session.scalars(query)]
