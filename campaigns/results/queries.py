"""The figures of a campaign that was launched. Nothing here writes."""

from dataclasses import dataclass

from sqlalchemy import Select, and_, func, or_, select

from app.core.db import db
from campaigns.channels.letter.issued.models import Letter
from campaigns.drafting.models import CampaignStep
from campaigns.ledger.models import Message, MessageState, Reply

S = MessageState

#: Taken by a gateway, or perhaps taken, or made into a letter, whatever became of it. What was refused at the
#: hand-over never left the house and costs nothing.
SENT = or_(
    Message.state.in_((S.SUBMITTED, S.DELIVERED, S.EXPIRED, S.UNKNOWN)),
    and_(Message.state == S.FAILED, Message.submitted_at.is_not(None)),
)

#: What readers did: on the notice page of a message, or on the one that a letter's code opens
#: (of statements that join `Letter` by `OF_MESSAGE`).
OPENED = func.coalesce(Message.opened_at, Letter.opened_at)
CONFIRMED = func.coalesce(Message.confirmed_at, Letter.confirmed_at)
ASKED = func.coalesce(Message.asked_at, Letter.asked_at)
#: asked for a call or a visit there, or wrote back something else than an opt-out
REPLIED = or_(
    ASKED.is_not(None),
    Message.id.in_(select(Reply.message_id).where(Reply.message_id.is_not(None), Reply.opt_out.is_(False))),
)


@dataclass(frozen=True)
class Funnel:
    """From sending to acting."""

    sent: int
    delivered: int
    opened: int
    confirmed: int
    asked: int
    #: that the gateway was handed
    segments: int
    #: of the follow-up, and how many of them may still be taken for somebody
    steps: int = 0
    steps_open: int = 0


def funnel(campaign_id: int) -> Funnel:
    """How far the messages of one campaign got with their readers; one statement."""
    steps = select(func.count()).where(CampaignStep.campaign_id == campaign_id)
    query = select(
        func.count().filter(SENT),
        func.count().filter(Message.state == S.DELIVERED),
        func.count(Message.opened_at),
        func.count(Message.confirmed_at),
        func.count(Message.asked_at),
        func.coalesce(func.sum(Message.segments).filter(SENT), 0),
        steps.scalar_subquery(),
        steps.where(CampaignStep.ended_at.is_(None)).scalar_subquery(),
    ).where(Message.campaign_id == campaign_id)
    return Funnel(*db.session.execute(query).one())


def messages(campaign_id: int) -> Select[Message]:
    """The ledger of one campaign, in no order."""
    return select(Message).where(Message.campaign_id == campaign_id)
