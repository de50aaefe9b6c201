"""When messages go out: times, windows, working days, caps, forecasts, and the brakes."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from app.core.clock import SHANGHAI, local, now, today
from app.core.db import db
from app.core.errors import DomainError
from app.core.jobs import run_inline
from app.core.options import set_value
from app.tasks.models import Task, TaskState
from campaigns.drafting.frequency.policy import CONTACT_DAY, EMPLOYER_WEEK
from campaigns.drafting.models import CampaignState, MessageClass
from campaigns.drafting.times.policy import HOURS, Terms, forecast, may_send, spread_over
from campaigns.gateways.protocol import Outcome, Receipt
from campaigns.gateways.registry import gateway as gateway_named
from campaigns.gateways.simulator_store import Store
from campaigns.ledger import jobs
from campaigns.ledger.models import Message
from campaigns.ledger.policy import FAILURE_LEAST
from campaigns.ledger.services import controlling, dispatching, settling
from campaigns.ledger.services.capping import MORNING
from campaigns.ledger.timing import queries
from tests.campaigns.sending import (
    approve,
    create_member,
    launch_here,
    ledger,
    planned_campaign,
    ready_campaign,
    states,
)
from tests.factories import create_campaign

pytestmark = pytest.mark.databases("sqlite")

SERVICE, PUBLICITY = MessageClass.SERVICE, MessageClass.PUBLICITY


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def weekdays(day: date) -> bool:
    return day.weekday() < 5


@pytest.mark.parametrize(
    ("terms", "moment", "allowed"),
    [
        (Terms(SERVICE), "2026-11-22 03:00", True),
        (Terms(PUBLICITY), "2026-11-22 07:59", False),
        (Terms(PUBLICITY), "2026-11-22 08:00", True),
        (Terms(PUBLICITY), "2026-11-22 20:00", False),
        (Terms(SERVICE, working_days_only=True), "2026-11-22 10:00", False),
        (Terms(SERVICE, working_days_only=True), "2026-11-23 10:00", True),
        (Terms(SERVICE, send_from=at("2026-11-23 09:00")), "2026-11-23 08:59", False),
        (Terms(SERVICE, send_from=at("2026-11-23 09:00")), "2026-11-23 09:00", True),
    ],
)
def test_messages_go_out_only_when_their_terms_allow(
    app: Flask, terms: Terms, moment: str, allowed: bool
) -> None:
    assert may_send(terms, at(moment), weekdays) is allowed


@pytest.mark.parametrize(
    ("terms", "messages", "ends"),
    [
        (Terms(SERVICE), 3600, "2026-11-20 20:30"),
        (Terms(PUBLICITY), 3600, "2026-11-21 08:30"),
        (Terms(PUBLICITY, working_days_only=True), 3600, "2026-11-23 08:30"),
        (Terms(SERVICE, send_from=at("2026-11-24 09:00")), 60, "2026-11-24 09:01"),
        (Terms(SERVICE, send_until=at("2026-11-20 22:00")), 60, "2026-11-20 22:00"),
        # over a night: half an hour of this day and three hours of the next
        (Terms(PUBLICITY, send_until=at("2026-11-21 11:00")), 60, "2026-11-21 11:00"),
        (Terms(PUBLICITY, send_until=at("2026-11-21 11:00")), 4 * 3600, "2026-11-21 11:30"),
        # a window that closes at night ends with the hours of the day
        (Terms(PUBLICITY, send_until=at("2026-11-20 23:00")), 60, "2026-11-20 20:00"),
        # one without any open hour: as soon as an hour opens, as fast as the accounts can
        (Terms(PUBLICITY, True, send_until=at("2026-11-21 11:00")), 60, "2026-11-20 20:00"),
        (Terms(PUBLICITY, True, at("2026-11-21 09:00"), at("2026-11-22 11:00")), 60, "2026-11-23 08:01"),
    ],
)
def test_a_forecast_reckons_pace_hours_and_days(app: Flask, terms: Terms, messages: int, ends: str) -> None:
    assert forecast(terms, messages, 1.0, at("2026-11-20 19:30"), weekdays) == at(ends)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    begins=st.integers(0, 7 * 24 * 60), lasts=st.integers(1, 7 * 24 * 60), count=st.integers(1, 120),
    days_only=st.booleans(),
)  # fmt: skip
def test_spread_messages_fall_into_open_hours_in_order_and_the_forecast_knows_their_end(
    app: Flask, begins: int, lasts: int, count: int, days_only: bool
) -> None:
    """So that no hour's worth of them piles up behind a night, or a weekend."""
    begin = at("2026-11-16 00:00") + timedelta(minutes=begins)
    end = begin + timedelta(minutes=lasts)
    terms = Terms(PUBLICITY, days_only, begin, end)
    moments = spread_over(terms, at("2026-11-15 12:00"), count, weekdays)
    through = forecast(terms, count, 1_000_000, at("2026-11-15 12:00"), weekdays)
    assert through is not None
    if set(moments) == {begin} and not may_send(terms, begin, weekdays):
        assert not any(may_send(terms, begin + timedelta(minutes=step), weekdays) for step in range(lasts)), (
            "no hour of the window is open"
        )
        return
    assert all(may_send(terms, one, weekdays) and begin <= one < end for one in moments)
    assert moments == sorted(moments)
    assert max(moments) < through <= end


def test_a_forecast_knows_when_nothing_will_ever_go_out(app: Flask) -> None:
    set_value(HOURS[SERVICE][1], 0)
    assert forecast(Terms(SERVICE), 1, 10, now(), weekdays) is None
    assert forecast(Terms(PUBLICITY), 1, 0, now(), weekdays) is None


def test_messages_wait_for_their_time_and_are_spread_over_their_window(simulator: Store) -> None:
    with time_machine.travel(at("2026-11-20 08:00"), tick=False) as clock:
        campaign = ready_campaign(4)
        start, end = at("2026-11-20 09:00"), at("2026-11-20 11:00")
        campaign.send_from, campaign.send_until = start, end
        launch_here(approve(campaign))
        assert states(campaign) == {"planned": 4}
        assert [m.due_at for m in ledger(campaign)] == [start + timedelta(minutes=30 * n) for n in range(4)]
        for moment, sent in (("2026-11-20 09:10", 1), ("2026-11-20 10:00", 3), ("2026-11-20 10:31", 4)):
            clock.move_to(at(moment))
            with run_inline():
                jobs.sweep()
            assert states(campaign).get("submitted", 0) == sent, moment


def test_a_launched_campaign_is_put_off_but_never_sent_sooner_than_approved(simulator: Store) -> None:
    campaign = ready_campaign(1)
    soon = now() + timedelta(hours=2)
    later = soon + timedelta(hours=1)
    with pytest.raises(DomainError):
        controlling.set_schedule(campaign.id, None, soon, later, False)
    campaign.send_from, campaign.send_until, campaign.working_days_only = soon, later, True
    launch_here(approve(campaign))
    refused = [(soon, soon - timedelta(hours=1)), (now(), later), (None, later), (soon, now()), (soon, None)]
    for start, end in refused:
        with pytest.raises(DomainError):
            controlling.set_schedule(campaign.id, None, start, end, True)
    with pytest.raises(DomainError):
        controlling.set_schedule(campaign.id, None, soon, later, False)
    controlling.set_schedule(campaign.id, None, later, later + timedelta(hours=1), True)
    assert [message.due_at for message in ledger(campaign)] == [later]
    controlling.cancel(campaign.id, None)
    with pytest.raises(DomainError):
        controlling.set_schedule(campaign.id, None, later, later + timedelta(hours=1), True)


def test_what_is_sent_is_not_put_off_to_a_window_that_never_opens(simulator: Store) -> None:
    with time_machine.travel(at("2026-11-20 08:00"), tick=False):
        campaign = ready_campaign(1, message_class=PUBLICITY)
        launch_here(approve(campaign))
        with pytest.raises(DomainError):
            controlling.set_schedule(campaign.id, None, at("2026-11-20 21:00"), at("2026-11-21 07:00"), False)
        controlling.set_schedule(campaign.id, None, at("2026-11-20 21:00"), at("2026-11-21 09:00"), False)


def test_the_times_are_part_of_what_is_approved(simulator: Store) -> None:
    with time_machine.travel(at("2026-11-20 08:00"), tick=False) as clock:
        campaign = ready_campaign(1, send_until=at("2026-11-20 10:00"))
        clock.move_to(at("2026-11-20 10:00"))
        with pytest.raises(DomainError) as refused:
            controlling.launch(campaign.id, None)
        assert refused.value.reasons
        clock.move_to(at("2026-11-20 09:00"))
        campaign.send_until = at("2026-11-20 11:00")
        with pytest.raises(DomainError):
            controlling.launch(campaign.id, None)
        controlling.launch(approve(campaign).id, None)


def test_a_number_that_had_its_messages_today_waits_until_tomorrow_morning(simulator: Store) -> None:
    set_value(CONTACT_DAY, 1)
    first = ready_campaign(2)
    launch_here(first)
    phone = ledger(first)[0].phone
    second = create_campaign(first.created_by, template_text=first.template_text)
    for number in (phone, "13900000001"):
        create_member(second, phone=number)
    launch_here(approve(second))
    waiting = [m for m in ledger(second) if m.state == "planned"]
    assert [(m.phone, m.attempts, m.claim) for m in waiting] == [(phone, 0, None)]
    due = waiting[0].due_at
    assert due and local(due) == datetime.combine(today() + timedelta(days=1), MORNING, SHANGHAI)
    ends = queries.ends_at(second, 1, queries.put_off(second))
    assert ends and due < ends < due + timedelta(minutes=1), "and the forecast knows"
    assert states(second) == {"planned": 1, "submitted": 1}


@pytest.mark.parametrize("state", ["claimed", "unknown"])
def test_a_message_that_may_just_have_been_taken_counts_among_those_of_the_day(
    simulator: Store, state: str
) -> None:
    set_value(CONTACT_DAY, 1)
    first = planned_campaign(1)
    phone = ledger(first)[0].phone
    doubted = {"state": state, "gateway": "simulator", "due_at": now() + timedelta(minutes=5)}
    db.session.execute(update(Message).where(Message.campaign_id == first.id).values(doubted))
    second = create_campaign(first.created_by, template_text=first.template_text)
    create_member(second, phone=phone)
    launch_here(approve(second))
    assert states(second) == {"planned": 1}


def test_an_employer_is_not_written_to_more_often_than_the_department_allows(simulator: Store) -> None:
    set_value(EMPLOYER_WEEK, 1)
    first = ready_campaign(1)
    launch_here(first)
    second = create_campaign(first.created_by, template_text=first.template_text)
    create_member(second, phone="13900000002", employer=ledger(first)[0].employer)
    launch_here(approve(second))
    assert states(second) == {"planned": 1}


def test_too_many_failures_pause_the_campaign_with_a_task_once(simulator: Store) -> None:
    set_value(FAILURE_LEAST, 10)
    campaign = planned_campaign(12)
    sent = [m.public_id for m in ledger(campaign)[:11]]
    handed = {"state": "submitted", "gateway": "simulator", "submitted_at": now()}
    db.session.execute(update(Message).where(Message.public_id.in_(sent)).values(handed))
    settling.apply_receipts("simulator", [Receipt(key, Outcome.FAILED, "X", now()) for key in sent[:5]])
    settling.apply_receipts("simulator", [Receipt(key, Outcome.DELIVERED, None, now()) for key in sent[5:]])
    assert [controlling.watch_failures(), controlling.watch_failures()] == [1, 0]
    db.session.refresh(campaign)
    assert (campaign.state, campaign.hold_reason) == (CampaignState.PAUSED, "too_many_fail")
    tasks = db.session.scalars(select(Task).where(Task.kind == "campaign_alarm")).all()
    assert [task.owner_id for task in tasks] == [campaign.created_by_id]
    controlling.resume(campaign.id, None)
    assert controlling.watch_failures() == 0, "what failed before is no reason to pause again"
    assert [task.state for task in tasks] == [TaskState.DONE]


def test_what_the_gateway_refuses_for_a_reason_nobody_knows_counts_as_failed(simulator: Store) -> None:
    set_value(FAILURE_LEAST, 10)
    simulator.set_faults({"reject_code": "E-4711"})
    campaign = planned_campaign(60)
    gateway = gateway_named()
    claimed = dispatching.claim(campaign.id, gateway, 50)
    assert claimed is not None
    db.session.commit()
    dispatching.record(claimed, gateway, gateway.submit(claimed.batch))
    assert states(campaign) == {"failed": 50, "planned": 10}
    assert controlling.watch_failures() == 1, "before the rest of the campaign is lost"


def test_below_the_limit_nothing_is_paused(simulator: Store) -> None:
    set_value(FAILURE_LEAST, 10)
    campaign = planned_campaign(12)
    sent = [m.public_id for m in ledger(campaign)[:11]]
    handed = {"state": "submitted", "gateway": "simulator", "submitted_at": datetime.now(UTC)}
    db.session.execute(update(Message).where(Message.public_id.in_(sent)).values(handed))
    settling.apply_receipts("simulator", [Receipt(key, Outcome.FAILED, "X", now()) for key in sent[:4]])
    settling.apply_receipts("simulator", [Receipt(key, Outcome.DELIVERED, None, now()) for key in sent[4:]])
    assert controlling.watch_failures() == 0
