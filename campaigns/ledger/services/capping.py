"""How many messages one number and one employer may get, over all campaigns: what is too many waits."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select

from app.core.clock import SHANGHAI, local, now
from app.core.db import db
from campaigns.drafting.frequency.policy import CONTACT_DAY, CONTACT_WEEK, EMPLOYER_WEEK
from campaigns.ledger.models import MESSAGES, MessageState
from campaigns.ledger.services.dispatching import Claim
from campaigns.ledger.workflow import move

M = MESSAGES.c

#: What waits until tomorrow waits for the morning: midnight, when the day begins, is no hour for a message.
MORNING = time(9)

#: Nobody knows yet whether a gateway took them: whoever may have been written to counts as written to.
UNDER_WAY = (MessageState.CLAIMED, MessageState.UNKNOWN)


def without_sated(claim: Claim, campaign_id: int) -> Claim:
    """The claim without messages to those who have had enough; these wait until tomorrow morning. Flushes."""
    sated = _numbers(claim, campaign_id) | _employers(claim, campaign_id)
    if not sated:
        return claim
    tomorrow = datetime.combine(local(now()).date() + timedelta(days=1), MORNING, SHANGHAI)
    waits = (M.id.in_(sated), M.claim == claim.token)
    again = {"due_at": tomorrow, "claim": None, "gateway": None, "attempts": M.attempts - 1}
    db.session.execute(move(MessageState.PLANNED, *waits, only_from=(MessageState.CLAIMED,), **again))
    return replace(claim, rows=[row for row in claim.rows if row.id not in sated])


def _numbers(claim: Claim, campaign_id: int) -> set[int]:
    """Messages to numbers that were sent as many as they may get today or this week."""
    day, week = CONTACT_DAY.value(), CONTACT_WEEK.value()
    midnight = datetime.combine(local(now()).date(), time.min, SHANGHAI)
    today = func.count().filter((M.submitted_at >= midnight) | M.state.in_(UNDER_WAY))
    query = select(M.phone, today, func.count()).where(
        M.phone.in_([row.phone for row in claim.rows]), *_lately(campaign_id)
    )
    full = {
        phone
        for phone, in_day, in_week in db.session.execute(query.group_by(M.phone))
        if (day and in_day >= day) or (week and in_week >= week)
    }
    return {row.id for row in claim.rows if row.phone in full}


def _employers(claim: Claim, campaign_id: int) -> set[int]:
    """Messages to employers whose people were sent as many as they may get this week."""
    most = EMPLOYER_WEEK.value()
    if not most:
        return set()
    ours = select(M.id, M.employer_id).where(M.id.in_([row.id for row in claim.rows])).subquery()
    served = select(ours.c.employer_id).distinct().subquery()
    others = MESSAGES.alias()
    # looks no further than the cap, however many messages the employer got
    one_too_many = (
        select(others.c.id)
        .where(others.c.employer_id == served.c.employer_id, *_lately(campaign_id, others.c))
        .limit(1)
        .offset(most - 1)
    )
    full = select(served.c.employer_id).where(exists(one_too_many))
    return set(db.session.scalars(select(ours.c.id).where(ours.c.employer_id.in_(full))))


def _lately(campaign_id: int, of: Any = M) -> tuple[ColumnElement[bool], ...]:
    """Handed over within seven days by other campaigns; what is being handed over counts as well."""
    under_way = of.state.in_(UNDER_WAY)
    sent = of.submitted_at >= now() - timedelta(days=7)
    return (of.campaign_id != campaign_id, sent | under_way)
