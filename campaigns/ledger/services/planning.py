"""From the approved audience to rows of the ledger: each member once, its text rendered and counted.

What is planned follows from the approved audience alone: two planners write the same rows, the second none.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import exists, func, or_, select, update

from app.core.clock import now
from app.core.db import AnyRow, changed, db, insert_new
from app.core.errors import DomainError
from app.employers.models import Contact
from campaigns.channels.sms.models import OptOut
from campaigns.channels.sms.text import segments
from campaigns.drafting.content.policy import new_token, notice_link
from campaigns.drafting.content.queries import final_text
from campaigns.drafting.models import AudienceMember, Campaign, Exclusion, MessageClass
from campaigns.ledger.models import MESSAGES, SMS, Message, MessageState, new_key
from campaigns.ledger.workflow import move

CHUNK = 1000

#: Into how many moments a window is cut in which messages are spread.
SLOTS = 120


def plan_chunk(campaign: Campaign, after: int = 0) -> int | None:
    """Plan the next members beyond the id `after`; gives the last one's id, or None when all are planned.

    Flushes; the caller commits each chunk. Whatever an earlier planner left out is found by the last look.
    """
    members = _unplanned(campaign.id, after) or (_unplanned(campaign.id, 0) if after else [])
    if not members:
        _complete(campaign)
        return None
    primaries = _primaries(campaign.id, members)
    rows = [_row(campaign, member, primaries) for member in members]
    db.session.execute(insert_new(Message), rows)
    return int(members[-1].id)


def suppress_planned(campaign_id: int, reason: Exclusion) -> int:
    """Nothing of this campaign that is not yet under way goes out any more; gives how many rows."""
    return suppress(reason, Message.campaign_id == campaign_id)


def suppress_opted_out(*conditions: Any) -> int:
    """Planned messages, among those that meet the conditions, to numbers that left, service notices excepted,
    and to people who want no message of that class."""
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
    return suppress(Exclusion.OPTED_OUT, *conditions, or_(left, told))


def suppress_dead_numbers(*conditions: Any) -> int:
    """Planned messages to numbers found dead since the audience was approved."""
    dead = exists().where(
        Contact.id == Message.contact_id, Contact.mobile == Message.phone, Contact.invalid_since.is_not(None)
    )
    return suppress(Exclusion.DEAD_NUMBER, *conditions, dead)


def suppress(reason: Exclusion, *conditions: Any) -> int:
    """Planned messages that meet the conditions are never sent; gives how many."""
    statement = move(MessageState.SUPPRESSED, *conditions, reason=reason, due_at=None, settled_at=now())
    return changed(statement)


def spread(campaign: Campaign) -> None:
    """Give the planned messages their times, evenly between the campaign's two; without them, none.

    In slots, so that it takes as many statements for a million messages as for a thousand.
    """
    waiting = (Message.campaign_id == campaign.id, Message.state == MessageState.PLANNED)
    db.session.execute(update(MESSAGES).where(*waiting, MESSAGES.c.due_at.is_not(None)).values(due_at=None))
    if campaign.send_until is None:
        return
    start = max(campaign.send_from or now(), now())
    slot = func.ntile(SLOTS).over(order_by=Message.id).label("slot")
    slotted = select(Message.id, slot).where(*waiting).subquery()
    bounds = select(slotted.c.slot, func.min(slotted.c.id), func.max(slotted.c.id)).group_by(slotted.c.slot)
    rows: Sequence[Any] = db.session.execute(bounds.order_by(slotted.c.slot)).all()
    for number, (_slot, first, last) in enumerate(rows):
        due = start + (campaign.send_until - start) * number / len(rows)
        ours = (*waiting, MESSAGES.c.id.between(first, last))
        db.session.execute(update(MESSAGES).where(*ours).values(due_at=due))


def _unplanned(campaign_id: int, after: int) -> Sequence[AnyRow]:
    """An anti-join, not a cursor: a chunk that a crash lost is found again."""
    planned = exists().where(Message.member_id == AudienceMember.id, Message.channel == SMS)
    columns = AudienceMember.__table__.c
    query = (
        select(
            columns.id,
            columns.employer_id,
            columns.contact_id,
            columns.phone,
            columns.variables,
            columns.excluded,
            columns.merged_into_id,
        )
        .where(AudienceMember.campaign_id == campaign_id, AudienceMember.id > after, ~planned)
        .order_by(AudienceMember.id)
        .limit(CHUNK)
    )
    return db.session.execute(query).all()


def _primaries(campaign_id: int, members: Iterable[AnyRow]) -> dict[str, int]:
    """For each number the member who gets the message: the first, wherever in the audience it stands."""
    phones = {member.phone for member in members if member.phone}
    query = (
        select(AudienceMember.phone, func.min(AudienceMember.id))
        .where(
            AudienceMember.campaign_id == campaign_id,
            AudienceMember.excluded.is_(None),
            AudienceMember.phone.in_(phones),
        )
        .group_by(AudienceMember.phone)
    )
    return {phone: first for phone, first in db.session.execute(query) if phone}


def _row(campaign: Campaign, member: AnyRow, primaries: dict[str, int]) -> dict[str, Any]:
    reason: Exclusion | None = member.excluded
    merged_into, token, text = member.merged_into_id, new_token(), ""
    if reason is None and not member.phone:
        reason = Exclusion.NO_MOBILE
    elif reason is None and primaries[member.phone] != member.id:
        reason, merged_into = Exclusion.MERGED, primaries[member.phone]
    if reason is None:
        try:
            text = final_text(campaign, member.variables, notice_link(token))
        except DomainError:
            reason = Exclusion.MISSING_VALUE
    return {
        "public_id": new_key(),
        "campaign_id": campaign.id,
        "channel": SMS,
        "recipient_key": member.phone if reason is None else f"member:{member.id}",
        "member_id": member.id,
        "merged_into_id": merged_into,
        "employer_id": member.employer_id,
        "contact_id": member.contact_id,
        "phone": member.phone,
        "token": token if reason is None else None,
        "text": text,
        "segments": segments(text),
        "state": MessageState.PLANNED if reason is None else MessageState.SUPPRESSED,
        "reason": reason,
        "created_at": now(),
        "settled_at": None if reason is None else now(),
        "attempts": 0,
    }


def _complete(campaign: Campaign) -> None:
    """Everything is planned: take out what changed since the approval, then let the dispatchers in."""
    suppress_opted_out(Message.campaign_id == campaign.id)
    suppress_dead_numbers(Message.campaign_id == campaign.id)
    spread(campaign)
    db.session.execute(
        update(Campaign)
        .where(Campaign.id == campaign.id, Campaign.planned_at.is_(None))
        .values(planned_at=now())
    )
