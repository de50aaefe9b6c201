"""Two accounts, each a simulator: one takes over from the other, and nothing is sent through both."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from flask import Flask

from app.config import current_settings
from app.core.db import db
from campaigns.drafting.models import CampaignState
from campaigns.gateways import accounts, registry
from campaigns.gateways.accounts import Entry
from campaigns.gateways.simulator import Simulator
from campaigns.gateways.simulator_store import Store
from campaigns.ledger import jobs
from campaigns.ledger.models import MessageState
from tests.campaigns.sending import launch_here, ledger, make_due, ready_campaign, states
from tests.ports import free_port

QUIET = {"receipts_off": "1", "receipt_delay_ms": "3600000", "dead_percent": "0", "expired_percent": "0"}


@contextmanager
def account(code: str, weight: int) -> Iterator[Store]:
    """An account that is a simulator; it promises nothing about repeated keys."""
    port = free_port()
    server = Simulator(current_settings(), account=code, port=port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    server.store.set_faults(QUIET)
    config = {"base_url": f"http://127.0.0.1:{port}"}
    secret = current_settings().gateway_secret
    accounts.enter(code, Entry(code, "http", True, weight, 2, 1000, False, config, secret))
    db.session.commit()
    try:
        yield server.store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        server.store.close()


@pytest.fixture
def two(house: Flask) -> Iterator[tuple[Store, Store]]:
    """`second` has no share: it stands in only where `first` does not work."""
    with ExitStack() as running:
        yield running.enter_context(account("first", 1)), running.enter_context(account("second", 0))


def test_what_the_first_may_have_taken_is_never_sent_through_the_second(two: tuple[Store, Store]) -> None:
    first, second = two
    first.set_faults({"timeout_after_accept": "1"})
    campaign = ready_campaign(7)
    launch_here(campaign)
    taken = {m["phone"] for m in first.messages()}
    assert len(taken) == 2, "one batch was taken, and its answer never came"
    assert not taken & {m["phone"] for m in second.messages()}
    assert len(second.messages()) == 5
    assert states(campaign) == {"unknown": 2, "submitted": 5}
    doubtful = [m for m in ledger(campaign) if m.state is MessageState.UNKNOWN]
    assert {m.gateway for m in doubtful} == {"first"}
    make_due(campaign)
    jobs.ask_gateway("first")
    assert states(campaign) == {"submitted": 7}
    assert len(first.messages()) + len(second.messages()) == 7


def test_an_account_that_is_refused_rests_and_the_campaign_goes_on_through_the_other(
    two: tuple[Store, Store],
) -> None:
    first, second = two
    first.set_faults({"reject_code": "AMOUNT_NOT_ENOUGH"})
    campaign = ready_campaign(5)
    launch_here(campaign)
    make_due(campaign)
    jobs.dispatch(campaign.id, 0)
    assert states(campaign) == {"submitted": 5}
    assert (first.messages(), len(second.messages())) == ([], 5)
    assert accounts.find("first").trouble == "AMOUNT_NOT_ENOUGH"
    second.set_faults({"reject_code": "AMOUNT_NOT_ENOUGH"})
    another = ready_campaign(2, branch=campaign.branch)
    launch_here(another)
    assert (another.state, another.hold_reason) == (CampaignState.PAUSED, "account")
    assert registry.usable() == []


def test_with_equal_shares_both_carry_messages(house: Flask) -> None:
    with account("left", 1) as left, account("right", 1) as right:
        campaign = ready_campaign(60)
        launch_here(campaign)
        assert states(campaign) == {"submitted": 60}
        assert min(len(left.messages()), len(right.messages())) > 0
        assert not {m["phone"] for m in left.messages()} & {m["phone"] for m in right.messages()}
