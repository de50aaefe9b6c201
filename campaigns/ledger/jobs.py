"""What the workers do for campaigns. The database decides; a lost, doubled or killed job changes nothing.

The commits in here are part of the protocol: a claim has to be on disk before the gateway hears of it.
"""

import time

from redis.exceptions import RedisError

from app.core.clock import now
from app.core.db import Turn, db, lasting, take_turn
from app.core.jobs import enqueue, job, redis_connection, workers_listening
from campaigns.drafting.models import Campaign, CampaignState, Channel
from campaigns.drafting.times.policy import may_send
from campaigns.drafting.times.queries import worked
from campaigns.gateways import accounts, registry
from campaigns.gateways.pace import Pace
from campaigns.gateways.protocol import Gateway
from campaigns.gateways.registry import gateway as gateway_named
from campaigns.ledger import queries
from campaigns.ledger.letters import jobs as letters
from campaigns.ledger.models import MessageState
from campaigns.ledger.policy import FAILURE_LEAST
from campaigns.ledger.services import (
    capping,
    controlling,
    dispatching,
    planning,
    replying,
    settling,
    sweeping,
)
from campaigns.ledger.timing import queries as timing
from campaigns.ledger.trials import services as trials

#: Seconds after which a dispatcher makes room for other jobs and queues up again.
SLICE = 10

#: Seconds after which a dispatcher looks what the receipts say of what it sent.
LOOK_AGAIN = 4

#: Most dispatchers of one campaign at a time.
LANES = 8

#: Seconds for which dispatchers that queue, or work, are taken for alive.
QUEUED, WORKING = 60, 20

#: Seconds without a new row after which planning is taken for dead.
PLANNING_IDLE = 30


def wake(campaign_id: int) -> None:
    """After a launch, resume or cancellation: plan what is not planned, then send. Runs after the commit."""
    enqueue(plan_campaign, campaign_id)


@job(timeout=1800)
def plan_campaign(campaign_id: int) -> None:
    """Plan a running campaign, chunk by chunk, then start its dispatchers.

    Of one that was cancelled meanwhile the rest is written down as left out: its balance adds up.
    """
    campaign = db.session.get_one(Campaign, campaign_id)
    after: int | None = 0
    while _is_to_be_planned(campaign) and after is not None:
        after = planning.plan_chunk(campaign, after)
        db.session.commit()
    if campaign.state is CampaignState.RUNNING:
        start_dispatchers(campaign_id)


def _is_to_be_planned(campaign: Campaign) -> bool:
    cancelled = campaign.state is CampaignState.CANCELLED and campaign.launched_at is not None
    return campaign.planned_at is None and (cancelled or campaign.state is CampaignState.RUNNING)


def start_dispatchers(campaign_id: int) -> None:
    """One dispatcher for each worker that listens; letters are made by their own jobs."""
    if db.session.get_one(Campaign, campaign_id).channel is Channel.LETTER:
        letters.start_makers(campaign_id)
        return
    _mark(campaign_id, QUEUED)
    for lane in range(max(1, min(workers_listening(), LANES))):
        enqueue(dispatch, campaign_id, lane)


@job(timeout=600)
def dispatch(campaign_id: int, lane: int) -> None:
    """Send batches for a while, then queue up again, until nothing can be sent."""
    if send_batches(campaign_id, MessageState.PLANNED, seconds=SLICE):
        enqueue(dispatch, campaign_id, lane)


@lasting()
def send_batches(campaign_id: int, source: MessageState, seconds: float, only: Gateway | None = None) -> bool:
    """Claim, commit, hand over, record with the next claim, commit, and so on; True if only time ended it.

    `only`: messages in doubt go back to the gateway that may have them, and to no other.
    """
    sender = Sender(campaign_id, source, seconds, only)
    claimed = sender.claim()
    while claimed:
        db.session.commit()
        answers = claimed.gateway.submit(claimed.batch)
        outcome = dispatching.record(claimed, claimed.gateway, answers)
        controlling.heed(campaign_id, claimed.gateway.name, outcome)
        if sender.should_look(outcome.refused):
            controlling.watch_refusals(campaign_id)
        if outcome.slow_down:
            sender.pace(claimed.gateway).rest()
        claimed = sender.claim()
    db.session.commit()
    return sender.time_is_over()


class Sender:
    """What one dispatcher holds on to while it sends batch after batch."""

    def __init__(
        self, campaign_id: int, source: MessageState, seconds: float, only: Gateway | None = None
    ) -> None:
        self.campaign_id, self.source, self._only = campaign_id, source, only
        self._paces: dict[str, Pace] = {}
        self._until = time.monotonic() + seconds
        self._terms = timing.terms(campaign_id)
        self._worked = worked()
        self._others = queries.others_lately(campaign_id)
        self._marked = -float(WORKING)
        self._refused, self._looked = 0, time.monotonic()

    def should_look(self, refused: int) -> bool:
        """Whether so many were refused since the last look, or so long ago was it, that the share of what
        was not delivered is worth reckoning."""
        self._refused += refused
        if self._refused < FAILURE_LEAST.value() and time.monotonic() - self._looked < LOOK_AGAIN:
            return False
        self._refused, self._looked = 0, time.monotonic()
        return True

    def time_is_over(self) -> bool:
        """Make room for other jobs."""
        return time.monotonic() >= self._until

    def claim(self) -> dispatching.Claim | None:
        """The next batch, as large as pace allows; None when nothing may or can be sent, or time is over."""
        if time.monotonic() - self._marked > WORKING / 4:
            _mark(self.campaign_id, WORKING)
            self._marked = time.monotonic()
        claimed = self._claim_some()
        while claimed and not claimed.rows:  # every one of them has had enough messages for today
            claimed = self._claim_some()
        if claimed is None:
            _unmark(self.campaign_id)
        return claimed

    def _claim_some(self) -> dispatching.Claim | None:
        allowed = self._allowance() if may_send(self._terms, now(), self._worked) else None
        if allowed is None:
            return None
        gateway, count = allowed
        if self._others:
            take_turn(Turn.SENDING)  # so that each campaign sees what the other has claimed
        claimed = dispatching.claim(self.campaign_id, gateway, count, self.source)
        if claimed and self._others and self.source is MessageState.PLANNED:
            claimed = capping.without_sated(claimed, self.campaign_id)
        self.pace(gateway).give_back(count - (len(claimed.rows) if claimed else 0))
        return claimed

    def pace(self, gateway: Gateway) -> Pace:
        """The bucket of one account."""
        return self._paces.setdefault(gateway.name, Pace(gateway))

    def _allowance(self) -> tuple[Gateway, int] | None:
        """Who carries the next batch, and how many messages at most; None: nobody, or time is over."""
        while not self.time_is_over():
            gateway = self._only or accounts.choose(registry.usable())
            if gateway is None:
                return None
            grant = self.pace(gateway).take(gateway.limits.batch)
            if grant.count:
                return gateway, grant.count
            db.session.commit()  # nobody waits for the pace with the writer's place in hand
            time.sleep(min(grant.wait, 1.0))
        return None


@job(timeout=600)
def ask_gateway(name: str) -> None:
    """Ask what became of messages without receipt or answer;

    send again what never arrived, where that is safe.
    """
    gateway = gateway_named(name)
    while asked := sweeping.questions(gateway):
        db.session.commit()
        receipts = gateway.query(sweeping.as_asked(asked))
        again = sweeping.answer(gateway, asked, receipts)
        controlling.finish_done()
        db.session.commit()
        for campaign_id in again:
            send_batches(campaign_id, MessageState.UNKNOWN, seconds=SLICE, only=gateway)


@job(timeout=600)
def fetch(name: str) -> None:
    """Receipts and replies that wait at the provider; what was pushed as well changes nothing."""
    pulled = gateway_named(name).pull()
    settling.apply_receipts(name, pulled.receipts)
    trials.apply_receipts(name, pulled.receipts)
    replying.take_replies(name, pulled.replies)
    controlling.finish_done()


@job(timeout=120)
def fetch_all() -> None:
    """From every gateway that carried something lately."""
    for name in queries.gateways_in_use():
        enqueue(fetch, name)


@job(timeout=120)
def sweep() -> None:
    """Find what the queue lost or a dead worker left, and wake whoever is to go on with it."""
    sweeping.expire_leases()
    sweeping.withdraw_cancelled()
    controlling.finish_done()
    for campaign_id in queries.unplanned(PLANNING_IDLE):
        enqueue(plan_campaign, campaign_id)
    controlling.watch_failures()
    is_worked = worked()
    for campaign_id, terms in timing.sendable():
        if may_send(terms, now(), is_worked) and not _marked(campaign_id):
            start_dispatchers(campaign_id)
    for name in queries.gateways_to_ask():
        enqueue(ask_gateway, name)


def _mark(campaign_id: int, seconds: int) -> None:
    """Dispatchers are at work.

    Only a hint, kept where the queue is kept, so that it is lost with the queue.
    """
    try:
        redis_connection().set(_key(campaign_id), 1, ex=seconds)
    except (RedisError, OSError):
        return


def _unmark(campaign_id: int) -> None:
    try:
        redis_connection().delete(_key(campaign_id))
    except (RedisError, OSError):
        return


def _marked(campaign_id: int) -> bool:
    try:
        return bool(redis_connection().exists(_key(campaign_id)))
    except (RedisError, OSError):
        return False


def _key(campaign_id: int) -> str:
    return f"jinnuo:dispatch:{campaign_id}"
