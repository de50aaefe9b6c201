"""Two people, and four workers, at the same campaign at the same moment."""

import threading
from collections.abc import Callable

import pytest
from flask import Flask

from app.accounts.models import User
from app.core.db import db, writing
from app.core.errors import DomainError
from app.core.periods import Period
from app.core.permissions import Role
from app.core.workflow.engine import transition
from app.relief.applications.models import ReliefApplication
from app.relief.applications.workflow import APPLICATION
from campaigns.drafting.models import Campaign, CampaignState
from campaigns.gateways.simulator_store import Store
from campaigns.ledger import jobs, queries
from campaigns.ledger.services import controlling
from tests.campaigns.sending import (
    assert_books_agree,
    large_campaign,
    make_due,
    plan,
    ready_campaign,
    states,
)
from tests.factories import create_application, create_employer, create_user

PEOPLE = 240
PAID = Period(2026, 8)


def at_once(app: Flask, *acts: Callable[[], object]) -> list[str]:
    """Each act in a thread of its own, begun together; gives what came of each."""
    outcomes = [""] * len(acts)
    barrier = threading.Barrier(len(acts))

    def work(number: int, act: Callable[[], object]) -> None:
        with app.app_context(), writing():
            barrier.wait()
            try:
                act()
                db.session.commit()
                outcomes[number] = "done"
            except DomainError:
                db.session.rollback()
                outcomes[number] = "refused"
            db.session.remove()

    threads = [threading.Thread(target=work, args=(n, act)) for n, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def running(people: int) -> int:
    campaign = large_campaign(people)
    controlling.launch(campaign.id, None)
    plan(campaign)
    number = campaign.id
    db.session.remove()
    return number


@pytest.mark.databases("sqlite", "postgresql")
def test_a_launch_and_a_cancel_at_once_end_in_one_of_both(house: Flask, simulator: Store) -> None:
    number = ready_campaign(3).id
    db.session.remove()
    outcomes = at_once(
        house, lambda: controlling.launch(number, None), lambda: controlling.cancel(number, None)
    )
    assert "done" in outcomes
    jobs.plan_campaign(number)
    jobs.dispatch(number, 0)
    campaign = db.session.get_one(Campaign, number)
    assert campaign.state is CampaignState.CANCELLED
    assert simulator.messages() == []


@pytest.mark.databases("sqlite", "postgresql")
def test_of_two_applications_for_relief_submitted_at_once_one_goes_to_review(house: Flask) -> None:
    maker = create_user(Role.SPECIALIST)
    employer = create_employer(maker.branch, employer_account_no="030100000001", paid_through=PAID)
    ids = [create_application(employer, maker).id for _ in range(2)]
    db.session.commit()
    maker_id = maker.id
    db.session.remove()

    def submit(number: int) -> None:
        actor = db.session.get_one(User, maker_id)
        transition(APPLICATION, db.session.get_one(ReliefApplication, number), "submit", actor)

    assert sorted(at_once(house, *(lambda n=n: submit(n) for n in ids))) == ["done", "refused"]


@pytest.mark.databases("sqlite", "postgresql")
def test_a_pause_beside_sweeps_and_four_workers_stops_them_and_doubles_nothing(
    house: Flask, simulator: Store
) -> None:
    simulator.set_faults({"slow_ms": "5", "error_after_accept": "2"})
    number = running(PEOPLE)
    workers = [lambda lane=lane: jobs.dispatch(number, lane) for lane in range(4)]
    outcomes = at_once(house, *workers, lambda: controlling.pause(number, None), jobs.sweep)
    assert outcomes.count("done") == 6
    campaign = db.session.get_one(Campaign, number)
    assert campaign.state is CampaignState.PAUSED
    assert queries.balance(campaign).adds_up
    left = states(campaign).get("planned", 0)
    jobs.dispatch(number, 0)
    assert states(campaign).get("planned", 0) == left, "a paused campaign sends nothing"
    controlling.resume(number, None)
    db.session.commit()
    for _again in range(3):
        make_due(campaign)
        at_once(house, *workers, jobs.sweep)
        make_due(campaign)
        jobs.ask_gateway("simulator")
    assert states(campaign) == {"submitted": PEOPLE}
    assert_books_agree(campaign, simulator)
