"""The ledger beside what the gateways say: one answer for every message that a gateway may have."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import select

from app.core.db import AnyRow, db
from campaigns.drafting.models import Campaign
from campaigns.gateways import registry
from campaigns.gateways.protocol import Gateway, Outcome
from campaigns.ledger.models import SMS, Message, MessageState
from campaigns.ledger.services.settling import VERDICTS
from campaigns.ledger.services.sweeping import as_asked

S = MessageState

#: What a gateway may say of a message in a state, None being that it never saw it. A verdict by an officer or
#: by a receipt that came late is no contradiction of a gateway that still waits.
EXPECTED: dict[MessageState, frozenset[Outcome | None]] = {
    S.SUBMITTED: frozenset(Outcome),
    S.UNKNOWN: frozenset({*Outcome, None}),
    S.CLAIMED: frozenset({*Outcome, None}),
    **{state: frozenset({outcome, Outcome.PENDING}) for outcome, state in VERDICTS.items()},
    # refused at once, or given up: the gateway may know it, and may not
    S.FAILED: frozenset({Outcome.FAILED, Outcome.PENDING, None}),
    S.EXPIRED: frozenset({*Outcome, None}),
    S.PLANNED: frozenset({None}),
}


@dataclass
class Comparison:
    """`differing` lists the messages of which ledger and gateway cannot both be right."""

    campaign: int
    compared: int = 0
    agreeing: int = 0
    unasked: int = 0
    in_doubt: int = 0
    gateway_says: Counter[str] = field(default_factory=Counter)
    differing: list[dict[str, Any]] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        return not self.differing

    def as_json(self) -> dict[str, Any]:
        """For the command line."""
        return {**vars(self), "gateway_says": dict(self.gateway_says), "agrees": self.agrees}


def compare(campaign: Campaign) -> Comparison:
    """Ask about everything that was ever claimed, batch by batch. Writes nothing."""
    found = Comparison(campaign.id)
    names = select(Message.gateway).where(Message.campaign_id == campaign.id, Message.gateway.is_not(None))
    for name in db.session.scalars(names.distinct().order_by(Message.gateway)).all():
        gateway = registry.gateway(str(name))
        for batch in _batches(campaign.id, gateway):
            _compare(found, gateway, batch)
    return found


def _batches(campaign_id: int, gateway: Gateway) -> Iterator[Sequence[AnyRow]]:
    query = (
        select(
            Message.id,
            Message.public_id,
            Message.phone,
            Message.state,
            Message.gateway_id,
            Message.claim,
            Message.submitted_at,
            Message.created_at,
        )
        .where(Message.campaign_id == campaign_id, Message.channel == SMS, Message.gateway == gateway.name)
        .order_by(Message.id)
    )
    rows = iter(db.session.execute(query).all())
    while batch := list(islice(rows, gateway.limits.batch)):
        yield batch


def _compare(found: Comparison, gateway: Gateway, batch: Sequence[AnyRow]) -> None:
    answered = gateway.query(as_asked(batch))
    if answered is None:
        found.unasked += len(batch)
        return
    said = {receipt.key: receipt.outcome for receipt in answered}
    for row in batch:
        outcome = said.get(row.public_id)
        found.compared += 1
        found.in_doubt += row.state is S.UNKNOWN
        found.gateway_says[outcome.value if outcome else "never seen"] += 1
        if outcome in EXPECTED[row.state]:
            found.agreeing += 1
        else:
            told = outcome.value if outcome else None
            found.differing.append({"message": row.id, "ledger": row.state.value, "gateway": told})
