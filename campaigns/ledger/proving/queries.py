"""Which messages prove that an employer was told."""

from datetime import date, datetime, time

from sqlalchemy import select

from app.core.clock import SHANGHAI, local
from app.core.db import db
from app.core.escalating import Exhibit
from app.core.language.i18n import msgid
from campaigns.drafting.models import Campaign, MessageClass
from campaigns.ledger.models import SMS, Message, MessageState

DELIVERED_TOLD = msgid("SMS of the campaign “%(campaign)s”, delivered")
READ_TOLD = msgid("SMS of the campaign “%(campaign)s”, delivered and read")


def delivered_since(employer_id: int, since: date) -> list[Exhibit]:
    """Notices to the employer's people that arrived; greetings and publicity speak of no obligation.

    The record is the campaign, whose page of messages has the text and the receipt.
    """
    sms = (
        Message.employer_id == employer_id,
        Message.channel == SMS,
        Message.state == MessageState.DELIVERED,
    )
    first = datetime.combine(since, time(), SHANGHAI)
    query = (
        select(Message.settled_at, Message.opened_at, Campaign.id, Campaign.name)
        .join(Campaign, Campaign.id == Message.campaign_id)
        .where(*sms, Message.settled_at >= first, Campaign.message_class == MessageClass.SERVICE)
        .order_by(Message.settled_at, Message.id)
    )
    return [
        Exhibit(
            local(settled).date(), READ_TOLD if opened else DELIVERED_TOLD, {"campaign": name}, campaign_id
        )
        for settled, opened, campaign_id, name in db.session.execute(query)
        if settled is not None
    ]
