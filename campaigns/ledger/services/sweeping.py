"""What nobody came back for: leases that ran out, receipts that never came, hand-overs without an answer.

The gateway is asked first. What it knows is settled or waited for; what it never saw is sent again under the
same key if it promises that a key goes out once, and else waits for an officer. Nothing is ever sent blindly
again.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import bindparam, select, update

from app.core.clock import now
from app.core.db import AnyRow, among, changed, db
from campaigns.drafting.models import Campaign, CampaignState
from campaigns.gateways.protocol import Asked, Gateway, Receipt
from campaigns.ledger.models import MESSAGES, SMS, Message, MessageState
from campaigns.ledger.queries import unfinished
from campaigns.ledger.services.planning import unwanted, withdraw_planned
from campaigns.ledger.services.settling import apply_receipts, resolved, settle
from campaigns.ledger.workflow import move

S = MessageState

#: Operators send receipts for up to three days; after that nobody will say any more.
PATIENCE = timedelta(hours=72)

#: While one worker asks, others leave the message alone for so long.
ASKING = timedelta(seconds=60)

#: The gateway is asked again after as long as the message has waited already, within these bounds.
SOONEST, LATEST = timedelta(minutes=1), timedelta(hours=6)


def expire_leases() -> int:
    """Claims whose worker never came back: handed over or not, nobody knows. Gives how many. Flushes."""
    statement = move(
        S.UNKNOWN,
        unfinished(),
        Message.due_at < now(),
        Message.channel == SMS,
        only_from=(S.CLAIMED,),
        code="LEASE_EXPIRED",
        due_at=now(),
    )
    return changed(statement)


def withdraw_cancelled() -> int:
    """Messages that a gateway did not take, back among the planned of a campaign cancelled meanwhile."""
    cancelled = select(Campaign.id).where(Campaign.state == CampaignState.CANCELLED)
    found = select(Message.campaign_id).where(Message.campaign_id.in_(cancelled), Message.state == S.PLANNED)
    return sum(withdraw_planned(one) for one in db.session.scalars(found.distinct()).all())


def ask_at_once() -> int:
    """Make every message without a verdict due to be asked about; gives how many. Flushes."""
    return changed(
        update(Message)
        .where(unfinished(), Message.state.in_((S.SUBMITTED, S.UNKNOWN)))
        .values(due_at=now())
        .execution_options(synchronize_session=False)
    )


def questions(gateway: Gateway) -> Sequence[AnyRow]:
    """Take up to a batch of messages to ask the gateway about; commit before asking."""
    waiting = (
        select(Message.id)
        .where(
            unfinished(),
            Message.state.in_((S.SUBMITTED, S.UNKNOWN)),
            Message.due_at <= now(),
            Message.gateway == gateway.name,
        )
        .order_by(Message.due_at)
        .limit(gateway.limits.batch)
        .with_for_update(skip_locked=True, of=Message)
        .cte("waiting")
    )
    statement = (
        update(Message)
        .where(Message.id.in_(select(waiting.c.id)))
        .values(due_at=now() + ASKING)
        .returning(
            Message.id,
            Message.public_id,
            Message.campaign_id,
            Message.state,
            Message.submitted_at,
            Message.created_at,
            Message.phone,
            Message.gateway_id,
            Message.claim,
        )
        .execution_options(synchronize_session=False)
    )
    return db.session.execute(statement).all()


def as_asked(rows: Sequence[AnyRow]) -> list[Asked]:
    """The taken messages as a gateway is asked about them."""
    return [
        Asked(row.public_id, row.phone or "", row.gateway_id, row.claim, row.submitted_at or row.created_at)
        for row in rows
    ]


def answer(gateway: Gateway, asked: Sequence[AnyRow], receipts: Sequence[Receipt] | None) -> set[int]:
    """Write down what the gateway said; gives the campaigns with messages to send again. Flushes."""
    again: list[AnyRow] = []
    if receipts is not None:
        receipts = resolved(gateway.name, receipts)
        apply_receipts(gateway.name, receipts)
        known = {receipt.key for receipt in receipts}
        again = _to_repeat(gateway, [row for row in asked if row.public_id not in known])
    # who cannot be asked may still push what it knows: it is waited for longer
    _give_up([row.id for row in asked], PATIENCE if receipts is not None else 2 * PATIENCE)
    repeated = {row.id for row in again}
    moment = now()
    db.session.execute(
        # a settled message has no due time any more and stays settled
        update(MESSAGES).where(MESSAGES.c.id == bindparam("row"), MESSAGES.c.due_at.is_not(None)),
        [{"row": row.id, "due_at": moment if row.id in repeated else moment + _wait(row)} for row in asked],
    )
    return {row.campaign_id for row in again}


def _to_repeat(gateway: Gateway, lost: Sequence[AnyRow]) -> list[AnyRow]:
    """Hand-overs that never arrived, of campaigns that still run, where repeating a key is safe and nobody
    has left meanwhile."""
    doubtful = [row for row in lost if row.state is S.UNKNOWN]
    if not (gateway.idempotent and doubtful):
        return []
    query = select(Campaign.id).where(
        Campaign.id.in_({row.campaign_id for row in doubtful}), Campaign.state == CampaignState.RUNNING
    )
    running = set(db.session.scalars(query))
    left = select(Message.id).where(among(Message.id, [row.id for row in doubtful]), unwanted())
    gone = set(db.session.scalars(left))
    return [row for row in doubtful if row.campaign_id in running and row.id not in gone]


def _wait(row: AnyRow) -> timedelta:
    """Ask again after as long as it has waited already: soon at first, then ever more rarely."""
    age: timedelta = now() - (row.submitted_at or row.created_at)
    return min(max(age, SOONEST), LATEST)


def _give_up(ids: Collection[int], patience: timedelta = PATIENCE) -> None:
    settle(
        S.EXPIRED,
        Message.id.in_(ids),
        Message.state == S.SUBMITTED,
        Message.submitted_at < now() - patience,
        code="NO_RECEIPT",
    )
