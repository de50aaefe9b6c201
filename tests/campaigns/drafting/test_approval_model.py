"""Whatever author and approvers do in whatever order: what is launched is what somebody else approved."""

import hypothesis.strategies as st
import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import Role
from campaigns.drafting import services
from campaigns.drafting.models import AudienceMember, Campaign, CampaignState, ContactOrder, MessageClass
from campaigns.ledger.services import controlling
from tests.factories import create_branch, create_contact, create_employer, create_user

TEXTS = ("{handler}您好，请核对。", "{handler}您好，请尽快办理。")

#: What happens, as often as it is listed; one rule with a choice, as in the model of the ledger.
STEPS = [
    *["revise"] * 2,
    *["submit"] * 4,
    *["approve"] * 4,
    "approve_stale",
    "approve_own",
    "send_back",
    "number_changes",
    "tamper",
    *["launch"] * 2,
]


class Approval(RuleBasedStateMachine):
    """One campaign, its author, two who may approve, and what they saw last."""

    def __init__(self) -> None:
        super().__init__()
        branch = create_branch()
        self.author = create_user(Role.MANAGER, branch=branch)
        self.others = [create_user(Role.MANAGER, branch=branch) for _ in range(2)]
        self.contact = create_contact(create_employer(branch), mobile="13800000000")
        self.campaign = services.draft(self.wish(0), self.author, branch)
        self.seen = services.seal(self.campaign)
        self.vouched: str | None = None
        db.session.commit()

    def wish(self, n: int) -> services.Wish:
        tree = {"match": "all", "rules": []}
        return services.Wish(
            "核对", None, tree, MessageClass.SERVICE, TEXTS[n % 2], None, ContactOrder.HANDLER_FIRST, 0
        )

    @rule(step=st.sampled_from(STEPS), n=st.integers(0, 3))
    def happens(self, step: str, n: int) -> None:
        before = self.campaign.state
        try:
            getattr(self, step)(n)
            db.session.commit()
        except DomainError:
            db.session.rollback()
            assert self.campaign.state is before, "a refusal changes nothing"

    def revise(self, n: int) -> None:
        services.revise(self.campaign, self.wish(n), self.author)
        self.vouched = None

    def submit(self, _n: int) -> None:
        services.submit(self.campaign, self.author)

    def approve(self, n: int) -> None:
        self.seen = services.seal(self.campaign)
        services.approve(self.campaign, self.others[n % 2], self.seen)
        self.vouched = self.seen

    def approve_stale(self, n: int) -> None:
        stale, now = self.seen, services.seal(self.campaign)
        services.approve(self.campaign, self.others[n % 2], stale)
        assert stale == now, "nobody approves what is not there any more"
        self.vouched = stale

    def approve_own(self, _n: int) -> None:
        services.approve(self.campaign, self.author, services.seal(self.campaign))
        raise AssertionError("nobody approves what is his own")

    def send_back(self, n: int) -> None:
        services.send_back(self.campaign, self.others[n % 2], "请修改")
        self.vouched = None

    def number_changes(self, n: int) -> None:
        self.contact.mobile = f"1380000000{n}"
        db.session.flush()
        services.reckon_again(self.campaign)

    def tamper(self, n: int) -> None:
        """Somebody writes into the audience past the services."""
        for member in db.session.query(AudienceMember).filter_by(campaign_id=self.campaign.id):
            member.phone = f"1390000000{n}"
        db.session.flush()

    def launch(self, n: int) -> None:
        controlling.launch(self.campaign.id, self.others[n % 2])

    @invariant()
    def only_what_was_vouched_for_is_approved_or_sent(self) -> None:
        campaign = db.session.get_one(Campaign, self.campaign.id)
        if campaign.state in (CampaignState.APPROVED, CampaignState.RUNNING):
            assert campaign.approved_hash == self.vouched
            assert campaign.approved_by_id not in (None, self.author.id)
        else:
            assert campaign.approved_hash is None
        if campaign.state is CampaignState.RUNNING:
            assert services.seal(campaign) == self.vouched


@pytest.mark.databases("sqlite")
def test_what_is_launched_is_what_somebody_else_approved(app: Flask) -> None:
    run_state_machine_as_test(
        Approval,
        settings=settings(
            max_examples=6,
            stateful_step_count=25,
            deadline=None,
            phases=(Phase.generate,),
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
