"""The bill of the synthetic department's first campaign: it agrees but for a few lines."""

from decimal import Decimal

from sqlalchemy import select

from app.core.clock import local
from app.core.db import db
from app.core.demo import Demo
from app.core.language.formats import masked_phone
from app.core.periods import Period
from campaigns.drafting.models import Campaign, Channel
from campaigns.ledger.models import Message, MessageState
from campaigns.results.queries import SENT
from campaigns.results.reconciling.models import BillLine

#: what is done with the messages at these places of the bill
LONGER, TOO_DEAR, LEFT_OUT = 5, 11, 17
STRANGE = "DEMO-UNKNOWN-1"


def load(_demo: Demo) -> None:
    """One line has a segment too many, one is too dear, one is missing, and one nobody knows."""
    first = select(Campaign).where(Campaign.channel == Channel.SMS, Campaign.launched_at.is_not(None))
    campaign = db.session.scalars(first.order_by(Campaign.id)).first()
    if campaign is None or campaign.launched_at is None:
        return
    sent = (
        select(Message)
        .where(Message.campaign_id == campaign.id, SENT)
        .where(Message.state != MessageState.FAILED)
    )
    lines = [
        _line(campaign, message, place, Period.of(local(campaign.launched_at).date()))
        for place, message in enumerate(db.session.scalars(sent.order_by(Message.id)))
        if place != LEFT_OUT
    ]
    if lines:
        strange = {"message_id": None, "message_key": STRANGE, "phone": "", "segments": 1}
        db.session.add_all([*lines, BillLine(**_common(lines[0]), **strange)])
        db.session.flush()


def _line(campaign: Campaign, message: Message, place: int, period: Period) -> BillLine:
    return BillLine(
        branch_id=campaign.branch_id, period=period, account=message.gateway or "",
        message_key=message.public_id, phone=masked_phone(message.phone or ""), message_id=message.id,
        segments=message.segments + (place == LONGER),
        price=campaign.price + (Decimal("0.02") if place == TOO_DEAR else 0),
    )  # fmt: skip


def _common(line: BillLine) -> dict[str, object]:
    return {name: getattr(line, name) for name in ("branch_id", "period", "account", "price")}
