"""Whatever happens in whatever order: nobody gets anything twice, and the books agree."""

from collections import Counter
from typing import Any

import hypothesis.strategies as st
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from app.core.clock import now
from app.core.db import db
from campaigns.drafting.models import CampaignState
from campaigns.gateways.protocol import Outcome, Receipt, Submission
from campaigns.gateways.registry import gateway as gateway_named
from campaigns.gateways.simulator_store import Store
from campaigns.ledger import queries
from campaigns.ledger.models import MessageState
from campaigns.ledger.services import controlling, dispatching, settling, sweeping
from tests.campaigns.sending import ledger, make_due, planned_campaign

#: Faults of the answer; the time-out is left to its own test because it takes a second.
FAULTS = [
    "error_before_accept",
    "error_after_accept",
    "reset_before_accept",
    "reset_after_accept",
    "flow_control",
]

#: What happens, as often as it is listed. One rule with a choice, because hypothesis switches whole rules off
#: in most of its runs, and a run without hand-overs proves nothing.
STEPS = [
    *["hand_over"] * 5,
    *["hand_over_badly"] * 3,
    *["hand_over_again"] * 2,
    *["record"] * 6,
    *["receipts_arrive"] * 4,
    *["time_passes"] * 3,
    "die_before_the_hand_over",
    "die_after_the_hand_over",
    "pause",
    *["resume"] * 2,
    "cancel",
]

#: What a state may ever become, said again here in the test's own words.
LASTS = {
    "delivered": {"delivered"},
    "failed": {"failed"},
    "expired": {"expired", "delivered"},
    "suppressed": {"suppressed"},
}


class Ledger(RuleBasedStateMachine):
    """One small campaign, two workers, a gateway with bad days."""

    store: Store

    def __init__(self) -> None:
        super().__init__()
        self.gateway = gateway_named()
        self.campaign = planned_campaign(6)
        self.held: list[tuple[dispatching.Claim, list[Submission]]] = []
        self.seen: dict[int, str] = {}

    @rule(step=st.sampled_from(STEPS), n=st.integers(0, 9))
    def happens(self, step: str, n: int) -> None:
        getattr(self, step)(n)
        db.session.commit()

    def claim(self, n: int, source: MessageState = MessageState.PLANNED) -> dispatching.Claim | None:
        claim = dispatching.claim(self.campaign.id, self.gateway, 1 + n % 4, source)
        db.session.commit()
        return claim

    def hand_over(self, n: int, source: MessageState = MessageState.PLANNED) -> None:
        if claim := self.claim(n, source):
            self.held.append((claim, self.gateway.submit(claim.batch)))

    def hand_over_badly(self, n: int) -> None:
        self.store.set_faults({FAULTS[n % len(FAULTS)]: "1"})
        self.hand_over(n)
        self.store.set_faults(dict.fromkeys(FAULTS, "0"))

    def hand_over_again(self, n: int) -> None:
        make_due(self.campaign)
        self.hand_over(n, MessageState.UNKNOWN)

    def die_before_the_hand_over(self, n: int) -> None:
        self.claim(n)

    def die_after_the_hand_over(self, n: int) -> None:
        if self.held:
            self.held.pop(n % len(self.held))

    def record(self, n: int) -> None:
        if self.held:
            claim, answers = self.held.pop(n % len(self.held))
            dispatching.record(claim, self.gateway, answers)

    def time_passes(self, _n: int) -> None:
        make_due(self.campaign)
        sweeping.expire_leases()
        sweeping.withdraw_cancelled()
        asked = sweeping.questions(self.gateway)
        db.session.commit()
        if asked:
            sweeping.answer(self.gateway, asked, self.gateway.query(sweeping.as_asked(asked)))
        controlling.finish_done()

    def receipts_arrive(self, n: int) -> None:
        outcomes = [Outcome.DELIVERED, Outcome.FAILED, Outcome.EXPIRED, Outcome.PENDING]
        for m in self.arrived()[n % 3 :: 2]:
            receipt = Receipt(m["key"], outcomes[(n + int(m["phone"])) % 4], None, now())
            settling.apply_receipts(self.gateway.name, [receipt])

    def pause(self, _n: int) -> None:
        if self.campaign.state is CampaignState.RUNNING:
            controlling.pause(self.campaign.id, None)

    def resume(self, _n: int) -> None:
        if self.campaign.state is CampaignState.PAUSED:
            controlling.resume(self.campaign.id, None)

    def cancel(self, n: int) -> None:
        if self.campaign.state is CampaignState.PAUSED and n > 6:
            controlling.cancel(self.campaign.id, None)

    def arrived(self) -> list[dict[str, Any]]:
        """What the gateway accepted of this campaign."""
        return self.store.messages([row.public_id for row in ledger(self.campaign)])

    @invariant()
    def the_books_agree(self) -> None:
        arrived = self.arrived()
        assert max(Counter(m["phone"] for m in arrived).values(), default=1) == 1
        keys = {m["key"] for m in arrived}
        for row in ledger(self.campaign):
            if row.public_id in keys:
                assert row.state not in ("planned", "suppressed")
            else:
                assert row.state not in ("submitted", "delivered", "failed", "expired")

    @invariant()
    def everybody_is_accounted_for(self) -> None:
        balance = queries.balance(self.campaign)
        assert balance.adds_up
        assert balance.audience == 6
        if self.campaign.state is CampaignState.FINISHED:
            assert balance.progress.open == 0

    @invariant()
    def a_verdict_lasts(self) -> None:
        for row in ledger(self.campaign):
            assert row.state in LASTS.get(self.seen.get(row.id, ""), MessageState)
            self.seen[row.id] = str(row.state)


def test_the_ledger_holds_whatever_happens(house: Flask, simulator: Store, dialect: str) -> None:
    run_state_machine_as_test(
        type("Books", (Ledger,), {"store": simulator}),
        settings=settings(
            # what may happen is the same on either database; the other one shows that it stores it so
            max_examples=20 if dialect == "sqlite" else 6,
            stateful_step_count=40,
            deadline=None,
            # each step is real work: a failure is told as it was found, not after minutes of shrinking
            phases=(Phase.generate,),
            suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        ),
    )
