"""The times of what is launched, as the ledger has it."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import exists, func, or_, select

from app.core.clock import SHANGHAI, now, today
from app.core.db import db
from campaigns.drafting.models import Campaign, CampaignState
from campaigns.drafting.times.policy import Terms
from campaigns.drafting.times.queries import terms_of, through_at
from campaigns.ledger.models import SMS, Message, MessageState

S = MessageState

#: a campaign's `Terms`, in their order
TERMS = (Campaign.message_class, Campaign.working_days_only, Campaign.send_from, Campaign.send_until)


def terms(campaign_id: int) -> Terms:
    """When this campaign may send."""
    return Terms(*db.session.execute(select(*TERMS).where(Campaign.id == campaign_id)).one())


@dataclass(frozen=True)
class PutOff:
    """Messages that wait for another day, because their readers have had as many as they may get for now."""

    count: int = 0
    until: datetime | None = None


def put_off(campaign: Campaign) -> PutOff:
    """Those of a campaign that were to be sent already; what its own times say of the rest is no delay."""
    if campaign.state not in (CampaignState.RUNNING, CampaignState.PAUSED):
        return PutOff()
    tomorrow = datetime.combine(today() + timedelta(days=1), time.min, SHANGHAI)
    own = max(filter(None, (campaign.send_from, campaign.send_until, tomorrow)))
    query = select(func.count(), func.max(Message.due_at)).where(
        Message.campaign_id == campaign.id, Message.state == S.PLANNED, Message.due_at >= own
    )
    count, until = db.session.execute(query).one()
    return PutOff(count, until)


def ends_at(campaign: Campaign, planned: int, later: PutOff) -> datetime | None:
    """When the last planned message will have been handed over, as far as one can tell; None: not known."""
    if not planned or campaign.state not in (CampaignState.RUNNING, CampaignState.PAUSED):
        return None
    own = terms_of(campaign)
    if later.until is not None:
        own, planned = own._replace(send_from=later.until, send_until=None), later.count
    return through_at(own, planned)


def sendable() -> list[tuple[int, Terms]]:
    """Running campaigns (id and terms) with messages that could be claimed now."""
    due = exists().where(
        Message.campaign_id == Campaign.id,
        Message.state == S.PLANNED,
        Message.channel == SMS,
        or_(Message.due_at.is_(None), Message.due_at <= now()),
    )
    query = select(Campaign.id, *TERMS).where(
        Campaign.state == CampaignState.RUNNING, Campaign.planned_at.is_not(None), due
    )
    return [(row[0], Terms(*row[1:])) for row in db.session.execute(query)]
