"""A campaign under way while everything around it is killed: real workers, real Redis, the real simulator."""

import threading
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.config import current_settings
from app.core.db import db, writing
from app.core.errors import DomainError
from app.core.jobs import enqueue, job_queue, redis_connection, workers_listening
from app.core.workflow.engine import WorkflowHistory
from campaigns.drafting.models import Campaign, CampaignState
from campaigns.gateways.simulator import store_path
from campaigns.gateways.simulator_store import Store
from campaigns.ledger import jobs, queries
from campaigns.ledger.models import Message
from campaigns.ledger.services import controlling
from tests.campaigns.conftest import wait_for_port
from tests.campaigns.sending import (
    assert_books_agree,
    large_campaign,
    launch,
    ledger,
    make_due,
    ready_campaign,
    states,
)
from tests.processes import Started
from tests.waiting import wait_until

Start = Callable[..., Started]

PEOPLE = 1000


@pytest.fixture
def gateway(house: Flask, process: Start) -> Store:
    """The simulator in a process of its own; slow enough to be caught in the act."""
    process("gateway", "simulator")
    wait_for_port(current_settings().gateway_port)
    store = Store(store_path(current_settings()))
    store.set_faults({"receipts_off": "1", "receipt_delay_ms": "3600000", "slow_ms": "250"})
    return store


def sent(campaign_id: int) -> int:
    query = select(func.count()).where(Message.campaign_id == campaign_id, Message.state == "submitted")
    count = db.session.scalars(query).one()
    db.session.rollback()
    return count


def wait_until_sent(campaign: Campaign, portion: int) -> None:
    wait_until(lambda: sent(campaign.id) >= portion)


def start_workers(process: Start, count: int = 2) -> list[Started]:
    started = [process("worker") for _ in range(count)]
    wait_until(lambda: workers_listening() >= count)
    return started


def sweep(campaign: Campaign) -> None:
    """What the scheduler does, without its patience: every lease is over, a sweep is queued."""
    make_due(campaign)
    jobs._unmark(campaign.id)
    enqueue(jobs.sweep)
    db.session.commit()


def sweep_until_all_are_sent(campaign: Campaign, people: int) -> None:
    seen = -1

    def done() -> bool:
        nonlocal seen
        before, seen = seen, sent(campaign.id)
        # to take from slow workers what they hold, again and again, would only keep them from it
        if seen == before and not job_queue().count:
            sweep(campaign)
        return seen == people

    wait_until(done, every=1.0)


def test_workers_killed_again_and_again_double_and_lose_nothing(gateway: Store, process: Start) -> None:
    campaign = large_campaign(PEOPLE)
    workers = start_workers(process)
    launch(campaign)
    for portion in (50, 250, 450):
        wait_until_sent(campaign, portion)
        for worker in workers:
            worker.kill()
        for worker in workers:
            worker.wait()
        assert len(gateway.messages()) < PEOPLE, "the kill came too late to mean anything"
        workers = start_workers(process)
        sweep(campaign)
    gateway.set_faults({"slow_ms": "0"})
    sweep_until_all_are_sent(campaign, PEOPLE)
    assert_books_agree(campaign, gateway)


def test_a_flushed_redis_loses_nothing(gateway: Store, process: Start) -> None:
    campaign = large_campaign(PEOPLE)
    start_workers(process)
    launch(campaign)
    for portion in (100, 600):
        wait_until_sent(campaign, portion)
        redis_connection().flushall()
    gateway.set_faults({"slow_ms": "0"})
    sweep_until_all_are_sent(campaign, PEOPLE)
    assert_books_agree(campaign, gateway)


def test_a_gateway_that_dies_and_comes_back_loses_nothing(house: Flask, process: Start) -> None:
    first = process("gateway", "simulator")
    wait_for_port(current_settings().gateway_port)
    store = Store(store_path(current_settings()))
    store.set_faults({"receipts_off": "1", "receipt_delay_ms": "3600000", "slow_ms": "150"})
    campaign = large_campaign(PEOPLE)
    start_workers(process)
    launch(campaign)
    wait_until_sent(campaign, 200)
    first.kill()
    first.wait()
    wait_until(lambda: {"planned", "unknown"} & set(states(campaign)))
    store.set_faults({"slow_ms": "0"})
    process("gateway", "simulator")
    wait_for_port(current_settings().gateway_port)
    sweep_until_all_are_sent(campaign, PEOPLE)
    assert_books_agree(campaign, store)


def test_receipts_that_come_first_twice_and_shuffled_end_in_a_balance_that_adds_up(
    house: Flask, process: Start
) -> None:
    process("gateway", "simulator")
    process("run", "--port", str(current_settings().port))
    wait_for_port(current_settings().gateway_port)
    wait_for_port(current_settings().port)
    store = Store(store_path(current_settings()))
    faults = {"receipts_twice": 1, "receipts_shuffled": 1, "receipts_first": 1, "receipt_delay_ms": 0}
    store.set_faults({name: str(value) for name, value in faults.items()})
    store.set_faults({"dead_percent": "10", "expired_percent": "10"})
    campaign = large_campaign(300)
    start_workers(process)
    launch(campaign)

    def finished() -> bool:
        enqueue(jobs.sweep)
        db.session.commit()
        db.session.refresh(campaign)
        over = campaign.state is CampaignState.FINISHED
        db.session.rollback()
        return over

    wait_until(finished, every=0.5)
    outcomes = {message["key"]: message["outcome"] for message in store.messages()}
    assert {row.public_id: str(row.state) for row in ledger(campaign)} == outcomes
    balance = queries.balance(campaign)
    assert balance.adds_up
    assert balance.progress.failed > 0
    assert_books_agree(campaign, store)


def test_two_launches_at_once_are_one(house: Flask, gateway: Store) -> None:
    campaign_id = ready_campaign(3).id
    db.session.remove()
    outcomes: list[str] = []
    barrier = threading.Barrier(2)

    def click() -> None:
        with house.app_context(), writing():
            barrier.wait()
            try:
                controlling.launch(campaign_id, None)
                jobs.wake(campaign_id)
                db.session.commit()
                outcomes.append("launched")
            except DomainError:
                db.session.rollback()
                outcomes.append("refused")
            db.session.remove()

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()
    assert sorted(outcomes) == ["launched", "refused"]
    moves = select(WorkflowHistory.transition).where(WorkflowHistory.record_id == campaign_id)
    assert db.session.scalars(moves).all() == ["launch"]


def test_two_planners_and_two_dispatchers_at_once_write_and_send_once(house: Flask, gateway: Store) -> None:
    campaign = large_campaign(300)
    controlling.launch(campaign.id, None)
    db.session.commit()
    campaign_id = campaign.id
    db.session.remove()

    def work(lane: int) -> None:
        with house.app_context():
            jobs.plan_campaign(campaign_id)
            jobs.dispatch(campaign_id, lane)
            db.session.remove()

    threads = [threading.Thread(target=work, args=(lane,)) for lane in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    campaign = db.session.get_one(Campaign, campaign_id)
    assert states(campaign) == {"submitted": 300}
    assert_books_agree(campaign, gateway)
