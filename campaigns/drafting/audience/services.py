"""Writes a reckoned audience down, so that it can be looked through, approved and sent exactly as it is."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, insert, select

from app.core.clock import now
from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import Actor
from app.core.workflow.acts import demand
from campaigns.drafting.audience.models import Audience, Member, Who
from campaigns.drafting.audience.queries import reckon
from campaigns.drafting.letters.queries import reckon_letters
from campaigns.drafting.models import AudienceMember, AudienceRemoval, Campaign, Channel
from campaigns.drafting.policy import audience_fingerprint, content_fingerprint


def refresh(campaign: Campaign, phone: str) -> bool:
    """Reckons the audience anew and stores it if anything about it changed; True if it did."""
    by_post = campaign.channel is Channel.LETTER
    audience = reckon_letters(campaign, phone) if by_post else reckon(campaign, phone)
    fingerprint = audience_fingerprint(
        [
            (m.employer_id, m.contact_id, m.phone, m.variables, m.excluded, m.address, m.postal_code)
            for m in audience.members
        ]
    )
    changed = fingerprint != campaign.audience_hash
    if changed:
        _replace(campaign, audience)
        campaign.audience_hash = fingerprint
    campaign.content_hash = content_fingerprint(campaign)
    campaign.reckoned_at = now()
    campaign.outside_scope = audience.outside_scope
    db.session.flush()
    return changed


def leave_out(member: AudienceMember, reason: str, actor: Actor) -> None:
    """This employer gets no message of a draft, from the next reckoning on."""
    campaign = _to_be_reckoned(member, actor)
    if not reason.strip():
        raise DomainError(_l("Say why the employer is left out."))
    if db.session.get(AudienceRemoval, (campaign.id, member.employer_id)):
        raise DomainError(_l("This employer is left out already."))
    removal = AudienceRemoval(
        campaign_id=campaign.id, employer_id=member.employer_id, reason=reason.strip(), removed_by_id=actor.id
    )
    db.session.add(removal)
    db.session.flush()


def take_in(member: AudienceMember, actor: Actor) -> None:
    """The employer may get a message of the draft again, from the next reckoning on."""
    campaign = _to_be_reckoned(member, actor)
    removal = db.session.get(AudienceRemoval, (campaign.id, member.employer_id))
    if removal is None:
        raise DomainError(_l("Nobody left this employer out by hand."))
    db.session.delete(removal)
    db.session.flush()


def _to_be_reckoned(member: AudienceMember, actor: Actor) -> Campaign:
    """The member's campaign, whose stored audience no longer holds; whoever picks has changed it."""
    campaign = db.session.get_one(Campaign, member.campaign_id)
    demand(campaign, "pick", actor)
    campaign.audience_hash = None
    campaign.edited_by_id = actor.id
    campaign.touched_by(actor.id)
    return campaign


def _replace(campaign: Campaign, audience: Audience) -> None:
    db.session.execute(delete(AudienceMember).where(AudienceMember.campaign_id == campaign.id))
    add_members(campaign, audience.members)
    campaign.audience_size = len(audience.members)
    campaign.recipients = audience.recipients


def add_members(campaign: Campaign, members: Sequence[Member]) -> None:
    """Writes members down, those first that others' employers are spoken for by."""
    rows = [_row(campaign.id, member) for member in members if member.lead is None]
    if rows:
        db.session.execute(insert(AudienceMember), rows)
    if followers := [member for member in members if member.lead is not None]:
        leads = _ids(campaign.id)
        db.session.execute(
            insert(AudienceMember),
            [_row(campaign.id, member, leads[member.lead]) for member in followers if member.lead],
        )


def _ids(campaign_id: int) -> dict[Who, int]:
    query = select(AudienceMember.employer_id, AudienceMember.contact_id, AudienceMember.id)
    rows = db.session.execute(query.where(AudienceMember.campaign_id == campaign_id))
    return {(employer_id, contact_id): member_id for employer_id, contact_id, member_id in rows}


def _row(campaign_id: int, member: Member, merged_into: int | None = None) -> dict[str, Any]:
    return {
        "campaign_id": campaign_id,
        "employer_id": member.employer_id,
        "contact_id": member.contact_id,
        "phone": member.phone,
        "address": member.address,
        "postal_code": member.postal_code,
        "variables": member.variables,
        "own_variables": member.own_variables,
        "excluded": member.excluded,
        "merged_into_id": merged_into,
    }
