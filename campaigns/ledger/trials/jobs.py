"""Handing tests over, and asking what became of them; commits are part of the protocol, as in the ledger."""

import time

from app.core.clock import now
from app.core.db import db, lasting
from app.core.jobs import enqueue, job
from campaigns.gateways import accounts, registry
from campaigns.gateways.pace import Pace
from campaigns.ledger.trials import queries, services

#: How often the pace is asked, at most a second apart.
PATIENCE = 5


@job(timeout=120)
@lasting()
def hand_over() -> None:
    """One batch of planned tests through an account in use, within its pace; the rest waits for the sweep."""
    gateway = accounts.choose(registry.usable())
    if gateway is None:
        return
    pace = Pace(gateway)
    count = _granted(pace, gateway.limits.batch)
    rows = services.claim(gateway, count) if count else ()
    pace.give_back(count - len(rows))
    db.session.commit()
    if rows:
        services.record(gateway.submit(services.batch(rows)))


def _granted(pace: Pace, most: int) -> int:
    """What the pace allows within a few seconds; campaigns that are being sent may take all of it."""
    for _try in range(PATIENCE):
        grant = pace.take(most)
        if grant.count:
            return grant.count
        db.session.commit()  # nobody waits for the pace with the writer's place in hand
        time.sleep(min(grant.wait, 1.0))
    return 0


@job(timeout=120)
def ask(name: str) -> None:
    """What became of the tests that nobody reported."""
    gateway = registry.gateway(name)
    asked = services.questions(gateway)
    db.session.commit()
    if asked and (receipts := gateway.query(asked)):
        services.apply_receipts(name, receipts)


@job(timeout=60)
def sweep() -> None:
    """What the queue lost or a dead worker left."""
    services.expire_leases()
    if db.session.scalar(queries.planned().limit(1)):
        enqueue(hand_over)
    for name in queries.gateways_to_ask(now()):
        enqueue(ask, name)
