"""Whatever happens in whatever order: nobody gets anything twice, and the books agree."""

from collections import Counter
from typing import Any

import hypothesis.strategies as st
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
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
        self.held: list[tuple[dispatching.Claim, list[Submission] | None]] = []
        self.seen: dict[int, str] = {}

    @rule(most=st.integers(1, 4), fault=st.sampled_from([None, None, None, *FAULTS]), again=st.booleans())
    def claim_and_hand_over(self, most: int, fault: str | None, again: bool) -> None:
        source = MessageState.UNKNOWN if again else MessageState.PLANNED
        claim = dispatching.claim(self.campaign.id, self.gateway, most, source)
        db.session.commit()
        if claim:
            self.store.set_faults({fault: "1"} if fault else {})
            self.held.append((claim, self.gateway.submit(claim.batch)))

    @rule(most=st.integers(1, 4))
    def claim_and_die(self, most: int) -> None:
        dispatching.claim(self.campaign.id, self.gateway, most)
        db.session.commit()

    @precondition(lambda self: self.held)
    @rule(which=st.integers(0, 9))
    def record(self, which: int) -> None:
        claim, answers = self.held.pop(which % len(self.held))
        dispatching.record(claim, self.gateway, answers or [])
        db.session.commit()

    @precondition(lambda self: self.held)
    @rule()
    def die_after_the_hand_over(self) -> None:
        self.held.pop()

    @rule()
    def time_passes_and_the_sweep_comes(self) -> None:
        make_due(self.campaign)
        sweeping.expire_leases()
        sweeping.suppress_cancelled()
        asked = sweeping.questions(self.gateway)
        db.session.commit()
        if asked:
            sweeping.answer(self.gateway, asked, self.gateway.query([row.public_id for row in asked]))
        controlling.finish_done()
        db.session.commit()

    @precondition(lambda self: self.arrived())
    @rule(told=st.lists(st.tuples(st.integers(0, 5), st.sampled_from(Outcome)), min_size=1, max_size=4))
    def receipts_arrive(self, told: list[tuple[int, Outcome]]) -> None:
        arrived = self.arrived()
        receipts = [Receipt(arrived[n % len(arrived)]["key"], outcome, None, now()) for n, outcome in told]
        settling.apply_receipts(self.gateway.name, receipts)
        db.session.commit()

    @rule(step=st.sampled_from(["pause", "resume", "cancel"]))
    def somebody_steers(self, step: str) -> None:
        allowed = {"pause": "running", "resume": "paused"}
        db.session.refresh(self.campaign)
        if str(self.campaign.state) in (allowed.get(step), {"cancel": "paused"}.get(step)):
            getattr(controlling, step)(self.campaign.id, None)
            db.session.commit()

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


def test_the_ledger_holds_whatever_happens(house: Flask, simulator: Store) -> None:
    run_state_machine_as_test(
        type("Books", (Ledger,), {"store": simulator}),
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            deadline=None,
            # each step is real work: a failure is told as it was found, not after minutes of shrinking
            phases=(Phase.generate,),
            suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        ),
    )
