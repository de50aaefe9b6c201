"""Who was written to lately, and who has had enough, as far as drafting can tell."""

from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, true

from app.core.clock import SHANGHAI, local, now
from app.core.db import db
from campaigns.drafting.frequency.policy import CONTACT_DAY, CONTACT_WEEK, EMPLOYER_WEEK
from campaigns.drafting.models import AudienceMember, Campaign, CampaignState, Exclusion

#: Campaigns whose recipients count as written to: an approved one will be sent any moment, and of a cancelled
#: one those who got nothing are excluded by then.
SPOKEN = tuple(
    state for state in CampaignState if state not in (CampaignState.DRAFT, CampaignState.SUBMITTED)
)


def _written_to(campaign: Campaign, column: Any, since: datetime, *once: ColumnElement[bool]) -> Select[Any]:
    """Members of other campaigns that were sent since then, or will be any moment."""
    return (
        select(column)
        .join(Campaign, Campaign.id == AudienceMember.campaign_id)
        .where(
            Campaign.id != campaign.id,
            # a letter is no reason against an SMS, nor the other way round
            Campaign.channel == campaign.channel,
            Campaign.state.in_(SPOKEN),
            func.coalesce(Campaign.launched_at, Campaign.approved_at) >= since,
            or_(Campaign.state != CampaignState.CANCELLED, Campaign.launched_at.is_not(None)),
            *once,
        )
    )


def _recent(campaign: Campaign, column: Any) -> Select[Any]:
    since = now() - timedelta(days=campaign.frequency_days)
    heard = or_(AudienceMember.excluded.is_(None), AudienceMember.excluded == Exclusion.MERGED)
    within = true() if campaign.frequency_days else ~true()
    return _written_to(campaign, column, since, heard, within).distinct()


def recent_phones(campaign: Campaign) -> frozenset[str]:
    """Numbers that were written to within the days of the campaign."""
    return frozenset(db.session.scalars(_recent(campaign, AudienceMember.phone)))


def recent_employers(campaign: Campaign) -> frozenset[int]:
    """Employers that were written to within the days of the campaign."""
    return frozenset(db.session.scalars(_recent(campaign, AudienceMember.employer_id)))


def sated(campaign: Campaign) -> tuple[frozenset[str], frozenset[int]]:
    """Numbers and employers that have had all the messages they may get for longer than the campaign lasts.

    Whoever has had enough for today alone waits at the sending, and so does whoever gets too many meanwhile:
    it looks at the same caps.
    """
    last = campaign.send_until or max(campaign.send_from or now(), now())
    week, day = last - timedelta(days=7), datetime.combine(local(now()).date(), time.min, SHANGHAI)
    ends_today = campaign.send_until is not None and local(campaign.send_until).date() == local(now()).date()
    phones = _more_than(campaign, AudienceMember.phone, CONTACT_WEEK.value(), week)
    if ends_today:
        phones |= _more_than(campaign, AudienceMember.phone, CONTACT_DAY.value(), day)
    return phones, _more_than(campaign, AudienceMember.employer_id, EMPLOYER_WEEK.value(), week)


def _more_than(campaign: Campaign, column: Any, most: int, since: datetime) -> frozenset[Any]:
    """Those with as many messages as the cap; a cap of 0 is none."""
    if not most:
        return frozenset()
    found = _written_to(campaign, column, since, AudienceMember.excluded.is_(None), column.is_not(None))
    return frozenset(db.session.scalars(found.group_by(column).having(func.count() >= most)))
