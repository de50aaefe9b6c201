"""Writes a reckoned audience down, so that it can be looked through, approved and sent exactly as it is."""

from typing import Any

from sqlalchemy import delete, insert, select

from app.core.clock import now
from app.core.db import db
from campaigns.drafting.audience.queries import Audience, Candidate, reckon
from campaigns.drafting.models import AudienceMember, Campaign
from campaigns.drafting.policy import audience_fingerprint, content_fingerprint


def refresh(campaign: Campaign, phone: str) -> bool:
    """Reckons the audience anew and stores it if anything about it changed; True if it did."""
    audience = reckon(campaign, phone)
    fingerprint = audience_fingerprint(
        [(m.employer_id, m.contact_id, m.phone, m.variables, m.excluded) for m in audience.members]
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


def _replace(campaign: Campaign, audience: Audience) -> None:
    db.session.execute(delete(AudienceMember).where(AudienceMember.campaign_id == campaign.id))
    rows = [_row(campaign.id, member) for member in audience.members if member.lead is None]
    if rows:
        db.session.execute(insert(AudienceMember), rows)
    if followers := [member for member in audience.members if member.lead is not None]:
        leads = _ids_by_employer(campaign.id)
        db.session.execute(
            insert(AudienceMember),
            [_row(campaign.id, member, leads[member.lead or 0]) for member in followers],
        )
    campaign.audience_size = len(audience.members)
    campaign.recipients = audience.recipients


def _ids_by_employer(campaign_id: int) -> dict[int, int]:
    query = select(AudienceMember.employer_id, AudienceMember.id)
    rows = db.session.execute(query.where(AudienceMember.campaign_id == campaign_id))
    return {employer_id: member_id for employer_id, member_id in rows}


def _row(campaign_id: int, member: Candidate, merged_into: int | None = None) -> dict[str, Any]:
    return {
        "campaign_id": campaign_id,
        "employer_id": member.employer_id,
        "contact_id": member.contact_id,
        "phone": member.phone,
        "variables": member.variables,
        "own_variables": member.own_variables,
        "excluded": member.excluded,
        "merged_into_id": merged_into,
    }
