"""From the approved audience to rows of the ledger: each member once, its text rendered and counted.

What is planned follows from the approved audience alone: two planners write the same rows, the second none.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Update, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from app.core.clock import now
from app.core.db import among, changed, db, insert_new
from app.employers.models import Contact
from campaigns.channels.sms.models import OptOut
from campaigns.drafting.models import AudienceMember, Campaign, Channel, Exclusion, MessageClass
from campaigns.drafting.times.policy import spread_over
from campaigns.drafting.times.queries import terms_of, worked
from campaigns.ledger.models import MESSAGES, Message, MessageState
from campaigns.ledger.services.planned_rows import planned_letters, planned_rows, unplanned
from campaigns.ledger.workflow import lock, move

#: members a statement and a commit
CHUNK = 5000

#: Into how many moments a window is cut in which messages are spread.
SLOTS = 120


def plan_chunk(campaign: Campaign, after: int = 0) -> int | None:
    """Plan the next members beyond the id `after`; gives the last one's id, or None when all are planned.

    One statement a chunk: the database writes the texts and draws the tokens. The caller commits each chunk.
    Whatever an earlier planner left out is found by the last look.
    """
    last = _last_of_chunk(campaign, after)
    if last is None and after:
        after, last = 0, _last_of_chunk(campaign, 0)
    if last is None:
        _complete(campaign)
        return None
    of_channel = planned_letters if campaign.channel is Channel.LETTER else planned_rows
    rows = of_channel(campaign, after, last)
    db.session.execute(insert_new(Message).from_select(list(rows.selected_columns.keys()), rows))
    return last


def withdraw_planned(campaign_id: int) -> int:
    """Nothing of this cancelled campaign that is not yet under way goes out any more; gives how many rows."""
    withdrawn = _suppress(Exclusion.CANCELLED, Message.campaign_id == campaign_id)
    release_unsent(campaign_id)
    return withdrawn


def release_unsent(campaign_id: int) -> None:
    """Whoever got nothing of a cancelled campaign was not written to: the next one need not leave him out."""
    handed_over = exists().where(
        Message.member_id == AudienceMember.id, Message.state != MessageState.SUPPRESSED
    )
    spoken_for = aliased(AudienceMember)
    lead_released = exists().where(
        spoken_for.id == AudienceMember.merged_into_id, spoken_for.excluded == Exclusion.CANCELLED
    )
    for condition in (AudienceMember.excluded.is_(None) & ~handed_over, lead_released):
        _release(Exclusion.CANCELLED, AudienceMember.campaign_id == campaign_id, condition)


def _release(reason: Exclusion, *conditions: Any) -> None:
    """These members of audiences do not count as written to."""
    db.session.execute(
        update(AudienceMember)
        .where(*conditions)
        .values(excluded=reason)
        .execution_options(synchronize_session=False)
    )


def hold_back(*conditions: Any) -> None:
    """Before messages are left out: what a worker is just writing down is waited for, so that a message which
    no gateway took is not back among the planned unseen."""
    lock(Message.state.in_((MessageState.PLANNED, MessageState.CLAIMED)), *conditions)


def suppress_left(*conditions: Any) -> None:
    """Planned messages, among those that meet the conditions, that by now are not to be sent."""
    suppress_opted_out(*conditions)
    suppress_dead_numbers(*conditions)


def unwanted() -> ColumnElement[bool]:
    """Of a message: its number left, service notices excepted, or the person wants none of that class."""
    told = (
        select(OptOut.id)
        .join(Campaign, Campaign.message_class == OptOut.message_class)
        .where(Campaign.id == Message.campaign_id, OptOut.contact_id == Message.contact_id)
        .exists()
    )
    left = (
        select(OptOut.id)
        .join(Campaign, Campaign.signature == OptOut.signature)
        .where(
            Campaign.id == Message.campaign_id,
            Campaign.message_class != MessageClass.SERVICE,
            OptOut.phone == Message.phone,
        )
        .exists()
    )
    return or_(left, told)


def suppress_opted_out(*conditions: Any) -> int:
    """Planned messages, among those that meet the conditions, to whoever wants none."""
    return _leave_out(Exclusion.OPTED_OUT, *conditions, unwanted())


def suppress_dead_numbers(*conditions: Any) -> int:
    """Planned messages to numbers found dead since the audience was approved."""
    dead = exists().where(
        Contact.id == Message.contact_id, Contact.mobile == Message.phone, Contact.invalid_since.is_not(None)
    )
    return _leave_out(Exclusion.DEAD_NUMBER, *conditions, dead)


def _suppress(reason: Exclusion, *conditions: Any) -> int:
    """Planned messages that meet the conditions are never sent; gives how many."""
    return changed(_suppressed(reason, *conditions))


def _leave_out(reason: Exclusion, *conditions: Any) -> int:
    """The same of messages here and there. Neither their readers nor whom they speak for count as written to:
    otherwise the next campaign would leave them out for days."""
    statement = _suppressed(reason, *conditions).returning(Message.member_id)
    if left := db.session.scalars(statement).all():
        _release(reason, among(AudienceMember.id, left))
        _release(reason, among(AudienceMember.merged_into_id, left))
    return len(left)


def _suppressed(reason: Exclusion, *conditions: Any) -> Update:
    return move(MessageState.SUPPRESSED, *conditions, reason=reason, due_at=None, settled_at=now())


def spread(campaign: Campaign) -> None:
    """Give the planned messages their times, evenly over the open hours of the window; without one, none.

    In slots, so that it takes as many statements for a million messages as for a thousand.
    """
    waiting = (Message.campaign_id == campaign.id, Message.state == MessageState.PLANNED)
    db.session.execute(update(MESSAGES).where(*waiting, MESSAGES.c.due_at.is_not(None)).values(due_at=None))
    if campaign.send_until is None:
        return
    slot = func.ntile(SLOTS).over(order_by=Message.id).label("slot")
    slotted = select(Message.id, slot).where(*waiting).subquery()
    bounds = select(slotted.c.slot, func.min(slotted.c.id), func.max(slotted.c.id)).group_by(slotted.c.slot)
    rows: Sequence[Any] = db.session.execute(bounds.order_by(slotted.c.slot)).all()
    moments = spread_over(terms_of(campaign), now(), len(rows), worked())
    for due, (_slot, first, last) in zip(moments, rows, strict=True):
        ours = (*waiting, MESSAGES.c.id.between(first, last))
        db.session.execute(update(MESSAGES).where(*ours).values(due_at=due))


def _last_of_chunk(campaign: Campaign, after: int) -> int | None:
    """The id of the last of the next members; None when nobody is left beyond `after`."""
    next_ones = (
        select(AudienceMember.id)
        .where(unplanned(campaign, after))
        .order_by(AudienceMember.id)
        .limit(CHUNK)
        .subquery()
    )
    last: int | None = db.session.scalar(select(func.max(next_ones.c.id)))
    return last


def _complete(campaign: Campaign) -> None:
    """Everything is planned: take out what changed since the approval, then let the dispatchers in."""
    # an official letter is owed whatever was said of SMS
    if (campaign.channel, campaign.message_class) != (Channel.LETTER, MessageClass.SERVICE):
        suppress_opted_out(Message.campaign_id == campaign.id)
    suppress_dead_numbers(Message.campaign_id == campaign.id)
    spread(campaign)
    db.session.execute(
        update(Campaign)
        .where(Campaign.id == campaign.id, Campaign.planned_at.is_(None))
        .values(planned_at=now())
    )
