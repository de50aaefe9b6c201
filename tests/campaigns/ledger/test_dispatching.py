import dataclasses
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from app.config import current_settings
from app.core.clock import now
from app.core.db import db
from app.core.jobs import redis_connection, run_inline
from app.core.options import set_value
from campaigns.channels.sms.models import SmsTemplate, SmsVersion
from campaigns.drafting.models import AudienceMember, CampaignState, MessageClass
from campaigns.drafting.times.policy import HOURS
from campaigns.gateways.codes import TOO_MANY_FAIL
from campaigns.gateways.protocol import Answer, Gateway, all_answered
from campaigns.gateways.registry import gateway as gateway_named
from campaigns.gateways.simulator import client
from campaigns.gateways.simulator_store import Store
from campaigns.ledger import jobs
from campaigns.ledger.models import Message, MessageState
from campaigns.ledger.policy import FAILURE_LEAST
from campaigns.ledger.services import controlling, dispatching, opting_out, sweeping
from tests.campaigns.sending import (
    TEXT,
    approve,
    assert_books_agree,
    create_member,
    large_campaign,
    launch,
    launch_here,
    ledger,
    make_due,
    plan,
    planned_campaign,
    ready_campaign,
    states,
)
from tests.factories import create_user


@pytest.fixture
def gateway(house: Flask) -> Gateway:
    return gateway_named()


def claim(campaign_id: int, gateway: Gateway, most: int = 100) -> dispatching.Claim:
    taken = dispatching.claim(campaign_id, gateway, most)
    assert taken is not None
    db.session.commit()
    return taken


def sweep_until_quiet() -> None:
    with run_inline():
        jobs.sweep()


def test_a_launch_sends_everything_once(simulator: Store) -> None:
    campaign = ready_campaign(5)
    launch_here(campaign)
    assert states(campaign) == {"submitted": 5}
    assert_books_agree(campaign, simulator)
    assert {row.attempts for row in ledger(campaign)} == {1}


@pytest.mark.databases("sqlite")
def test_a_claim_is_on_the_disk_before_the_gateway_hears_of_it(
    simulator: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels, claimed = [], dispatching.claim

    def watched(*args: Any, **more: Any) -> dispatching.Claim | None:
        taken = claimed(*args, **more)
        if taken:
            levels.append(db.session.execute(text("PRAGMA synchronous")).scalar_one())
        return taken

    monkeypatch.setattr(dispatching, "claim", watched)
    launch_here(ready_campaign(2))
    assert levels == [2], "FULL: not even a power cut forgets whom a batch was for"


def test_two_claims_share_nothing(gateway: Gateway) -> None:
    campaign = planned_campaign(5)
    first, second = claim(campaign.id, gateway, 3), claim(campaign.id, gateway, 3)
    assert (len(first.rows), len(second.rows)) == (3, 2)
    assert not set(first.ids) & set(second.ids)
    assert dispatching.claim(campaign.id, gateway, 3) is None


def test_where_each_employer_is_written_to_alone_a_number_gets_one_after_the_other(
    gateway: Gateway, simulator: Store
) -> None:
    campaign = ready_campaign(1)
    alone = SmsVersion(number=1, text=TEXT, joins=False, template=SmsTemplate(code="alone", name="逐户告知"))
    campaign.template_version = alone
    member = db.session.scalars(select(AudienceMember)).one()
    create_member(campaign, phone=member.phone)
    approve(campaign)
    controlling.launch(campaign.id, None)
    plan(campaign)
    assert states(campaign) == {"planned": 2}
    first = claim(campaign.id, gateway)
    assert len(first.rows) == 1 and dispatching.claim(campaign.id, gateway, 9) is None
    dispatching.record(first, gateway, gateway.submit(first.batch))
    assert dispatching.claim(campaign.id, gateway, 9) is None
    # one in doubt may have been taken just now
    earlier = ledger(campaign)[0]
    earlier.state, earlier.submitted_at = MessageState.UNKNOWN, None
    earlier.due_at = now() + dispatching.DOUBT
    db.session.commit()
    assert dispatching.claim(campaign.id, gateway, 9) is None
    earlier.state, earlier.submitted_at = MessageState.SUBMITTED, now() - dispatching.APART
    db.session.commit()
    second = claim(campaign.id, gateway)
    assert len(second.rows) == 1 and not set(first.ids) & set(second.ids)


@pytest.mark.parametrize("state", [CampaignState.PAUSED, CampaignState.CANCELLED, CampaignState.APPROVED])
def test_nothing_is_claimed_of_a_campaign_that_does_not_run(gateway: Gateway, state: CampaignState) -> None:
    campaign = planned_campaign(2)
    campaign.state = state
    db.session.commit()
    assert dispatching.claim(campaign.id, gateway, 10) is None


def test_nothing_is_claimed_before_all_is_planned(gateway: Gateway) -> None:
    campaign = planned_campaign(2)
    campaign.planned_at = None
    db.session.commit()
    assert dispatching.claim(campaign.id, gateway, 10) is None


def test_a_pause_acts_after_the_batch_under_way(gateway: Gateway, simulator: Store) -> None:
    campaign = planned_campaign(5)
    under_way = claim(campaign.id, gateway, 2)
    controlling.pause(campaign.id, None)
    db.session.commit()
    dispatching.record(under_way, gateway, gateway.submit(under_way.batch))
    db.session.commit()
    jobs.dispatch(campaign.id, 0)
    assert states(campaign) == {"submitted": 2, "planned": 3}
    with run_inline():
        controlling.resume(campaign.id, None)
        jobs.wake(campaign.id)
        db.session.commit()
    assert states(campaign) == {"submitted": 5}
    assert_books_agree(campaign, simulator)


def test_a_cancelled_campaign_sends_nothing_more_and_follows_what_is_out(
    gateway: Gateway, simulator: Store
) -> None:
    campaign = planned_campaign(5)
    under_way = claim(campaign.id, gateway, 2)
    controlling.cancel(campaign.id, None)
    db.session.commit()
    assert states(campaign) == {"claimed": 2, "suppressed": 3}
    dispatching.record(under_way, gateway, gateway.submit(under_way.batch))
    db.session.commit()
    assert states(campaign) == {"submitted": 2, "suppressed": 3}
    assert {row.reason for row in ledger(campaign)} == {None, "cancelled"}
    assert_books_agree(campaign, simulator)


def test_what_comes_back_untaken_to_a_cancelled_campaign_is_left_out_by_the_sweep(gateway: Gateway) -> None:
    campaign = planned_campaign(2)
    under_way = claim(campaign.id, gateway)
    controlling.cancel(campaign.id, None)
    dispatching.record(under_way, gateway, gateway.submit(under_way.batch))
    db.session.commit()
    assert states(campaign) == {"planned": 2}
    sweep_until_quiet()
    assert states(campaign) == {"suppressed": 2}


def left_meanwhile(row: Message) -> None:
    """The person tells an officer so, while a worker holds the message."""
    assert row.contact is not None
    opting_out.record(row.contact, MessageClass.PUBLICITY, "来电", create_user())
    db.session.commit()


def test_whoever_leaves_during_a_hand_over_that_failed_is_not_tried_again(gateway: Gateway) -> None:
    campaign = planned_campaign(2, message_class=MessageClass.PUBLICITY)
    taken = claim(campaign.id, gateway)
    left_meanwhile(ledger(campaign)[0])
    dispatching.record(taken, gateway, all_answered(taken.batch, Answer.NOT_TAKEN, "UNREACHABLE"))
    assert [(row.state, row.reason) for row in ledger(campaign)] == [
        ("suppressed", "opted_out"), ("planned", None),
    ]  # fmt: skip


def test_what_is_in_doubt_is_not_repeated_to_whoever_left(simulator: Store) -> None:
    gateway = gateway_named()
    set_value(HOURS[MessageClass.PUBLICITY][0], 0)
    set_value(HOURS[MessageClass.PUBLICITY][1], 24)
    campaign = planned_campaign(2, message_class=MessageClass.PUBLICITY)
    taken = claim(campaign.id, gateway)
    dispatching.record(taken, gateway, all_answered(taken.batch, Answer.UNKNOWN, "SILENCE"))
    left_meanwhile(ledger(campaign)[0])
    make_due(campaign)
    sweep_until_quiet()
    assert [row.state for row in ledger(campaign)] == ["unknown", "submitted"]


def test_a_gateway_that_is_away_costs_time_and_nothing_else(house: Flask) -> None:
    campaign = ready_campaign(3)
    launch_here(campaign)
    assert states(campaign) == {"planned": 3}
    assert {row.code for row in ledger(campaign)} == {"UNREACHABLE"}
    assert all(row.due_at for row in ledger(campaign)), "not at once again"


@pytest.mark.parametrize("fault", ["timeout_after_accept", "error_after_accept", "reset_after_accept"])
def test_a_lost_answer_is_settled_by_asking(simulator: Store, fault: str) -> None:
    simulator.set_faults({fault: "1"})
    campaign = ready_campaign(3)
    launch_here(campaign)
    assert states(campaign) == {"unknown": 3}
    make_due(campaign)
    sweep_until_quiet()
    assert states(campaign) == {"submitted": 3}
    assert_books_agree(campaign, simulator)
    assert {m["repeats"] for m in simulator.messages()} == {0}, "asked, not sent again"


@pytest.mark.parametrize("fault", ["error_before_accept", "reset_before_accept"])
def test_a_hand_over_that_never_arrived_is_repeated_under_the_same_key(simulator: Store, fault: str) -> None:
    simulator.set_faults({fault: "1"})
    campaign = ready_campaign(3)
    launch_here(campaign)
    keys = [row.public_id for row in ledger(campaign)]
    assert states(campaign) == {"unknown": 3}
    make_due(campaign)
    sweep_until_quiet()
    assert states(campaign) == {"submitted": 3}
    assert [row.public_id for row in ledger(campaign)] == keys
    assert_books_agree(campaign, simulator)


def test_without_a_promise_of_idempotency_nothing_is_ever_sent_blindly_again(simulator: Store) -> None:
    plain = dataclasses.replace(client(current_settings()), idempotent=False)
    campaign = planned_campaign(2)
    simulator.set_faults({"error_before_accept": "1"})
    taken = claim(campaign.id, plain)
    dispatching.record(taken, plain, plain.submit(taken.batch))
    make_due(campaign)
    asked = sweeping.questions(plain)
    assert len(asked) == 2
    assert sweeping.answer(plain, asked, plain.query(sweeping.as_asked(asked))) == set()
    assert states(campaign) == {"unknown": 2}
    with pytest.raises(ValueError, match="blindly"):
        dispatching.claim(campaign.id, plain, 10, MessageState.UNKNOWN)


def test_a_worker_that_died_between_hand_over_and_record_leaves_no_double(
    gateway: Gateway, simulator: Store
) -> None:
    campaign = planned_campaign(3)
    taken = claim(campaign.id, gateway)
    gateway.submit(taken.batch)  # and then it is killed
    sweep_until_quiet()
    assert states(campaign) == {"claimed": 3}, "the lease still runs"
    make_due(campaign)
    sweep_until_quiet()
    assert states(campaign) == {"submitted": 3}
    assert_books_agree(campaign, simulator)


def test_a_worker_that_died_before_the_hand_over_is_made_up_for(gateway: Gateway, simulator: Store) -> None:
    campaign = planned_campaign(3)
    claim(campaign.id, gateway)
    make_due(campaign)
    sweep_until_quiet()
    assert states(campaign) == {"submitted": 3}
    assert_books_agree(campaign, simulator)


def test_a_worker_that_wakes_up_after_its_lease_changes_nothing_of_its_successors(
    gateway: Gateway, simulator: Store
) -> None:
    campaign = planned_campaign(2)
    asleep = claim(campaign.id, gateway)
    make_due(campaign)
    sweeping.expire_leases()
    successor = dispatching.claim(campaign.id, gateway, 10, MessageState.UNKNOWN)
    assert successor is not None
    late = gateway.submit(asleep.batch)
    dispatching.record(asleep, gateway, [s._replace(answer=Answer.NOT_TAKEN) for s in late])
    assert states(campaign) == {"claimed": 2}
    dispatching.record(successor, gateway, gateway.submit(successor.batch))
    assert states(campaign) == {"submitted": 2}
    assert_books_agree(campaign, simulator)


@pytest.mark.databases("sqlite")
def test_what_came_back_after_the_cancelling_counts_as_written_to_nobody(
    gateway: Gateway, simulator: Store
) -> None:
    campaign = planned_campaign(2)
    held = claim(campaign.id, gateway, 1)
    controlling.cancel(campaign.id, None)
    simulator.set_faults({"flow_control": "1"})
    dispatching.record(held, gateway, gateway.submit(held.batch))
    db.session.commit()
    for expected in ([None, "cancelled"], ["cancelled"] * 2):
        members = db.session.scalars(select(AudienceMember.excluded).order_by(AudienceMember.id))
        assert [one if one is None else str(one) for one in members] == expected
        make_due(campaign)
        sweep_until_quiet()
    assert states(campaign) == {"suppressed": 2}


@pytest.mark.databases("sqlite")
def test_flow_control_slows_down_and_loses_nothing(simulator: Store) -> None:
    simulator.set_faults({"flow_control": "1"})
    campaign = ready_campaign(3)
    launch_here(campaign)
    assert states(campaign) == {"planned": 3}
    simulator.clear_faults()
    redis_connection().flushall()
    make_due(campaign)
    sweep_until_quiet()
    assert states(campaign) == {"submitted": 3}


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("code", "reason", "left"),
    [("XA:0003", "content", {"failed": 3}), ("OUT_OF_SERVICE", "account", {"planned": 3})],
)
def test_what_would_hit_every_message_stops_the_campaign_with_its_reason(
    simulator: Store, code: str, reason: str, left: dict[str, int]
) -> None:
    simulator.set_faults({"reject_code": code})
    campaign = ready_campaign(3)
    launch_here(campaign)
    db.session.refresh(campaign)
    assert (campaign.state, campaign.hold_reason) == (CampaignState.PAUSED, reason)
    assert states(campaign) == left


@pytest.mark.databases("sqlite")
def test_a_campaign_that_the_gateway_refuses_is_paused_between_two_batches(
    simulator: Store, gateway: Gateway
) -> None:
    set_value(FAILURE_LEAST, 10)
    simulator.set_faults({"reject_code": "NOBODY_KNOWS"})
    batch = gateway.limits.batch
    campaign = approve(large_campaign(2 * batch))
    launch_here(campaign)
    db.session.refresh(campaign)
    assert (campaign.state, campaign.hold_reason) == (CampaignState.PAUSED, TOO_MANY_FAIL)
    assert states(campaign) == {"failed": batch, "planned": batch}


@pytest.mark.databases("sqlite")
def test_a_campaign_of_which_too_little_arrives_is_paused_between_two_batches(
    simulator: Store, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its receipts come while it is sent: the sweep may wait behind the very dispatchers that send."""
    monkeypatch.setattr(jobs, "LOOK_AGAIN", 0)
    set_value(FAILURE_LEAST, 10)
    batch = gateway.limits.batch
    campaign = approve(large_campaign(4 * batch))
    controlling.launch(campaign.id, None)
    plan(campaign)
    dead = [message.id for message in ledger(campaign)[: 2 * batch]]
    failed = {"state": MessageState.FAILED, "submitted_at": now(), "settled_at": now()}
    db.session.execute(update(Message).where(Message.id.in_(dead)).values(failed))
    db.session.commit()
    assert not jobs.send_batches(campaign.id, MessageState.PLANNED, seconds=30)
    db.session.refresh(campaign)
    assert (campaign.state, campaign.hold_reason) == (CampaignState.PAUSED, TOO_MANY_FAIL)
    assert states(campaign) == {"failed": 2 * batch, "submitted": batch, "planned": batch}


@pytest.mark.databases("sqlite")
def test_a_refused_number_fails_alone(simulator: Store) -> None:
    campaign = ready_campaign(2)
    row_phone = {"phone": "02266666666"}
    controlling.launch(campaign.id, None)
    jobs.plan_campaign(campaign.id)
    first = ledger(campaign)[0]
    db.session.execute(update(Message).where(Message.id == first.id).values(**row_phone))
    db.session.commit()
    jobs.dispatch(campaign.id, 0)
    assert [(row.state, row.reason) for row in ledger(campaign)] == [
        ("failed", "dead_number"),
        ("submitted", None),
    ]


@pytest.mark.databases("sqlite")
def test_outside_its_hours_a_class_of_message_waits(simulator: Store) -> None:
    set_value(HOURS[MessageClass.SERVICE][1], 0)
    campaign = ready_campaign(2)
    launch_here(campaign)
    sweep_until_quiet()
    assert states(campaign) == {"planned": 2}


def test_an_empty_queue_is_refilled_from_the_database(simulator: Store) -> None:
    campaign = ready_campaign(3)
    launch(campaign)
    redis_connection().flushall()
    with run_inline():
        jobs.plan_campaign(campaign.id)
    db.session.commit()
    assert states(campaign) == {"submitted": 3}
    assert_books_agree(campaign, simulator)
