"""The figures of a campaign that was launched. Nothing here writes."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Select, func, select

from app.core.db import db
from campaigns.channels.sms import text as sms
from campaigns.drafting.models import Campaign
from campaigns.ledger.models import Message, MessageState

S = MessageState

#: Handed over, whatever became of it.
SENT = (S.SUBMITTED, S.DELIVERED, S.FAILED, S.EXPIRED, S.UNKNOWN)


@dataclass(frozen=True)
class Funnel:
    """From sending to acting."""

    sent: int
    delivered: int
    opened: int
    confirmed: int
    asked: int


def funnel(campaign_id: int) -> Funnel:
    """How far the messages of one campaign got with their readers; one statement."""
    query = select(
        func.count().filter(Message.state.in_(SENT)),
        func.count().filter(Message.state == S.DELIVERED),
        func.count(Message.opened_at),
        func.count(Message.confirmed_at),
        func.count(Message.asked_at),
    ).where(Message.campaign_id == campaign_id)
    return Funnel(*db.session.execute(query).one())


def spent(campaign: Campaign) -> Decimal:
    """Yuan for the segments that the gateway was handed."""
    query = select(func.coalesce(func.sum(Message.segments), 0)).where(
        Message.campaign_id == campaign.id, Message.state.in_(SENT)
    )
    return sms.cost(db.session.scalars(query).one(), campaign.price)


def messages(campaign_id: int) -> Select[Message]:
    """The ledger of one campaign, in no order."""
    return select(Message).where(Message.campaign_id == campaign_id)
