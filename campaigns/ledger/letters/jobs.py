"""What workers do for letters. The database decides; a lost, doubled or killed job changes nothing."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from app.core.db import db
from app.core.errors import DomainError
from app.core.jobs import enqueue, job, workers_listening
from campaigns.channels.letter.policy import CHUNK
from campaigns.channels.letter.sheaves.services import fresh_marks
from campaigns.ledger.letters import queries, services
from campaigns.ledger.printing import jobs as printing

#: Seconds after which a maker makes room for other jobs and queues up again.
SLICE = 10

#: Most makers of one campaign at a time.
LANES = 4


def start_makers(campaign_id: int) -> None:
    """One maker for each worker that listens."""
    for lane in range(max(1, min(workers_listening(), LANES))):
        enqueue(make, campaign_id, lane)


@job(timeout=900)
def make(campaign_id: int, lane: int) -> None:
    """Make letters for a while, then queue up again, until none is to be made."""
    if make_letters(campaign_id, SLICE):
        enqueue(make, campaign_id, lane)
    else:
        enqueue(printing.form, campaign_id)


def make_letters(campaign_id: int, seconds: float) -> bool:
    """Claim with numbers, commit, set in type, record, commit, and so on; True if only time ended it.

    While another process sets one lot, the next is claimed and its codes are drawn. Whoever paused or
    cancelled the campaign meanwhile gets that one back.
    """
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(1) as beside:
        claimed = _claim(campaign_id)
        while claimed is not None:
            setting = beside.submit(copy_context().run, services.set_in_type, claimed)
            late = time.monotonic() >= until
            following = None if late else _claim(campaign_id)
            try:
                services.record(claimed, setting.result())
            except DomainError:
                services.fail(claimed)
                late = False
            db.session.commit()
            if following is None:
                return late
            if not queries.goes_on(campaign_id):
                services.give_back(following)
                db.session.commit()
                return False
            claimed = following
    return False


def _claim(campaign_id: int) -> services.Claim | None:
    claimed = services.claim(campaign_id, fresh_marks(CHUNK))
    db.session.commit()
    return claimed


@job(timeout=600)
def sweep_letters() -> None:
    """Find what the queue lost or a dead worker left, and wake whoever is to go on with it."""
    services.expire_leases()
    if unprinted := queries.to_withdraw():
        services.withdraw(unprinted)
    for campaign_id in queries.to_make():
        start_makers(campaign_id)
    printing.wake_all()


@job(timeout=600)
def give_up() -> None:
    """Posted letters of which nobody ever said anything."""
    services.give_up()
