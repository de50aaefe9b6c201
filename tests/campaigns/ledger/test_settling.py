import functools
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.core import signals
from app.core.clock import now, today
from app.core.db import db
from app.core.errors import DomainError
from app.core.timeline import TimelineEntry
from app.employers.models import Contact, VerifiedHow
from app.employers.people.services.editing import verify
from app.tasks.models import Task
from campaigns.drafting.content.policy import conceal
from campaigns.drafting.models import CampaignState, Exclusion
from campaigns.gateways import registry
from campaigns.gateways.protocol import Outcome, Receipt
from campaigns.ledger import queries
from campaigns.ledger.models import Message, MessageState
from campaigns.ledger.services import controlling, settling, sweeping
from campaigns.ledger.workflow import MOVES, OPEN, move, sources
from tests.campaigns.sending import (
    approve,
    create_member,
    ledger,
    plan,
    planned_campaign,
    ready_campaign,
)
from tests.factories import create_employer, create_user

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def submitted(people: int = 3, state: str = "submitted") -> "list[Message]":
    """The rows of a campaign that the gateway has."""
    campaign = planned_campaign(people)
    db.session.execute(
        update(Message)
        .where(Message.campaign_id == campaign.id)
        .values(state=state, gateway="simulator", submitted_at=AT, due_at=now())
    )
    db.session.commit()
    return ledger(campaign)


def receipt(row: Message, outcome: str = "delivered", code: str | None = None, at: datetime = AT) -> Receipt:
    return Receipt(row.public_id, Outcome(outcome), code, at)


def state_of(row: Message) -> str:
    db.session.refresh(row)
    return str(row.state)


def test_receipts_settle_messages_with_time_and_reason(app: Flask) -> None:
    delivered, dead, off = submitted()
    receipts = [
        receipt(delivered, code="DELIVRD"),
        receipt(dead, "failed", "MK:0001", AT + timedelta(seconds=5)),
        receipt(off, "expired", "EXPIRED"),
    ]
    assert settling.apply_receipts("simulator", receipts) == 3
    rows = ledger(delivered.campaign)
    assert [(r.state, r.reason, r.code) for r in rows] == [
        ("delivered", None, "DELIVRD"),
        ("failed", "dead_number", "MK:0001"),
        ("expired", "temporary", "EXPIRED"),
    ]
    assert [r.settled_at for r in rows] == [AT, AT + timedelta(seconds=5), AT]
    assert [r.due_at for r in rows] == [None] * 3


def test_repeated_receipts_change_nothing_and_tell_nothing_twice(app: Flask) -> None:
    rows = submitted(2)
    first = [receipt(row) for row in rows]
    assert settling.apply_receipts("simulator", [*first, *first]) == 2
    assert settling.apply_receipts("simulator", list(reversed(first))) == 0
    assert len(db.session.scalars(select(TimelineEntry)).all()) == 2


@pytest.mark.parametrize("second", ["failed", "expired", "pending"])
def test_a_delivery_stands_whatever_comes_after_it(app: Flask, second: str) -> None:
    (row,) = submitted(1)
    settling.apply_receipts("simulator", [receipt(row)])
    settling.apply_receipts("simulator", [receipt(row, second)])
    assert state_of(row) == "delivered"


def test_of_contradicting_receipts_in_one_array_the_delivery_counts_whatever_their_order(app: Flask) -> None:
    for order in (1, -1):
        (row,) = submitted(1)
        settling.apply_receipts("simulator", [receipt(row, "failed", "X"), receipt(row)][::order])
        assert state_of(row) == "delivered"


def test_a_late_delivery_outranks_our_giving_up(app: Flask) -> None:
    (row,) = submitted(1)
    settling.apply_receipts("simulator", [receipt(row, "expired")])
    settling.apply_receipts("simulator", [receipt(row)])
    assert state_of(row) == "delivered"


@pytest.mark.parametrize("state", ["planned", "claimed", "submitted", "unknown"])
def test_a_receipt_settles_a_message_in_any_open_state(app: Flask, state: str) -> None:
    (row,) = submitted(1, state)
    if state != "submitted":
        db.session.execute(update(Message).values(submitted_at=None))
    settling.apply_receipts("simulator", [receipt(row)])
    assert state_of(row) == "delivered"
    assert row.submitted_at == AT, "it went out, though nobody ever answered to the hand-over"


def test_receipts_about_nothing_we_know_or_from_another_gateway_are_harmless(app: Flask) -> None:
    (row,) = submitted(1)
    stranger = Receipt("0" * 32, Outcome.DELIVERED, None, AT)
    assert settling.apply_receipts("simulator", [stranger]) == 0
    assert settling.apply_receipts("another", [receipt(row)]) == 0
    assert settling.apply_receipts("simulator", []) == 0
    assert state_of(row) == "submitted"


def test_a_gateway_that_knows_a_doubtful_message_ends_the_doubt(app: Flask) -> None:
    (row,) = submitted(1, "unknown")
    settling.apply_receipts("simulator", [receipt(row, "pending")])
    assert state_of(row) == "submitted"


def test_the_employers_timeline_has_its_message_with_the_outcome(app: Flask) -> None:
    first, second = submitted(2)
    settling.apply_receipts("simulator", [receipt(first), receipt(second, "failed", "MK:0001")])
    entries = {e.employer_id: e for e in db.session.scalars(select(TimelineEntry))}
    assert entries[first.employer_id].summary == "SMS delivered to %(name)s: %(text)s"
    assert entries[first.employer_id].params == {"name": first.contact.name, "text": conceal(first.text)}  # type: ignore[union-attr]
    assert "the number does not exist" in entries[second.employer_id].summary
    assert {(e.kind, e.at) for e in entries.values()} == {("sms", AT)}


def test_every_employer_that_one_message_speaks_for_hears_of_it(app: Flask) -> None:
    campaign = ready_campaign(0)
    speaker = create_member(campaign)
    others = [
        create_member(campaign, contact=speaker.contact, excluded=Exclusion.MERGED, merged_into_id=speaker.id)
        for _ in range(2)
    ]
    approve(campaign)
    controlling.launch(campaign.id, None)
    plan(campaign)
    spoken = next(row for row in ledger(campaign) if row.member_id == speaker.id)
    db.session.execute(
        update(Message).where(Message.id == spoken.id).values(state="submitted", gateway="simulator")
    )
    settling.apply_receipts("simulator", [receipt(spoken)])
    entries = db.session.scalars(select(TimelineEntry)).all()
    assert {e.employer_id for e in entries} == {m.employer_id for m in [speaker, *others]}
    assert {e.params["text"] for e in entries} == {conceal(spoken.text)}


def test_a_dead_number_marks_the_contact_and_asks_the_owner_to_find_the_right_one(app: Flask) -> None:
    (row,) = submitted(1)
    settling.apply_receipts("simulator", [receipt(row, "failed", "MK:0001")])
    db.session.expire_all()
    contact = db.session.get_one(Contact, row.contact_id)
    (task,) = db.session.scalars(select(Task))
    assert contact.invalid_since == today()
    assert (task.kind, task.employer_id, task.owner_id) == (
        "verify_contact",
        row.employer_id,
        row.employer.owner_id,
    )
    verify(contact, VerifiedHow.CALL, today(), create_user())
    db.session.refresh(task)
    db.session.refresh(contact)
    assert [str(task.state), contact.invalid_since] == ["done", None]


def test_a_number_that_was_corrected_meanwhile_is_not_called_dead(app: Flask) -> None:
    (row,) = submitted(1)
    contact = db.session.get_one(Contact, row.contact_id)
    contact.mobile = "13911111111"
    db.session.flush()
    settling.apply_receipts("simulator", [receipt(row, "failed", "MK:0001")])
    db.session.expire_all()
    assert db.session.get_one(Contact, row.contact_id).invalid_since is None
    assert db.session.scalars(select(Task)).all() == []


def test_whoever_listens_hears_each_verdict_once(app: Flask) -> None:
    rows = submitted(2)
    heard: list[tuple[list[int], str]] = []

    def listen(_sender: object, message_ids: list[int], outcome: MessageState) -> None:
        heard.append((message_ids, outcome))

    with signals.message_settled.connected_to(listen):
        settling.apply_receipts("simulator", [receipt(row) for row in rows])
        settling.apply_receipts("simulator", [receipt(row) for row in rows])
    assert heard == [([row.id for row in rows], "delivered")]


def test_after_three_days_without_a_receipt_a_message_counts_as_not_confirmed(app: Flask) -> None:
    (row,) = submitted(1)
    for waited, state in ((timedelta(hours=71), "submitted"), (timedelta(hours=73), "expired")):
        db.session.execute(update(Message).values(submitted_at=now() - waited))
        sweeping._give_up([row.id])
        assert state_of(row) == state
    assert row.code == "NO_RECEIPT"


def test_a_gateway_that_cannot_be_asked_keeps_no_campaign_open_for_ever(app: Flask) -> None:
    (row,) = submitted(1)
    gateway = registry.gateway()
    for waited, state in ((timedelta(hours=143), "submitted"), (timedelta(hours=145), "expired")):
        past = {"submitted_at": now() - waited, "due_at": now() - timedelta(seconds=1)}
        db.session.execute(update(Message).values(past))
        assert sweeping.answer(gateway, sweeping.questions(gateway), None) == set()
        assert state_of(row) == state


def test_an_officer_settles_what_no_gateway_can_tell_and_nothing_else(app: Flask) -> None:
    doubtful, clear = submitted(2)
    db.session.execute(update(Message).where(Message.id == doubtful.id).values(state="unknown"))
    campaign = doubtful.campaign_id
    say = functools.partial(settling.settle_by_officer, evidence="问过运营商", actor=None)
    with pytest.raises(DomainError):
        say(campaign, [doubtful.id], delivered=False, evidence=" ")
    assert state_of(doubtful) == "unknown"
    assert say(campaign, [doubtful.id, clear.id], delivered=False) == 1
    assert (state_of(doubtful), state_of(clear)) == ("failed", "submitted")
    with pytest.raises(DomainError):
        say(campaign, [doubtful.id], delivered=True)
    with pytest.raises(DomainError):
        say(campaign + 1, [clear.id], delivered=True)


def test_a_campaign_finishes_when_nothing_is_open_any_more(app: Flask) -> None:
    first, second = submitted(2)
    campaign = first.campaign
    settling.apply_receipts("simulator", [receipt(first)])
    assert controlling.finish_done() == 0
    settling.apply_receipts("simulator", [receipt(second, "failed", "X")])
    assert controlling.finish_done() == 1
    assert (campaign.state, campaign.finished_at is not None) == (CampaignState.FINISHED, True)
    found = queries.balance(campaign)
    assert (found.adds_up, found.progress.open, found.progress.settled) == (True, 0, 2)
    assert controlling.finish_done() == 0


def test_the_balance_is_counted_from_two_sides(app: Flask) -> None:
    rows = submitted(3)
    assert queries.balance(rows[0].campaign).adds_up
    db.session.delete(rows[0])
    db.session.flush()
    assert not queries.balance(rows[1].campaign).adds_up


def test_messages_of_an_employer_come_latest_first(app: Flask) -> None:
    (row,) = submitted(1)
    assert [m.id for m in queries.of_employer(row.employer_id)] == [row.id]
    assert queries.of_employer(create_employer().id) == []


# --- the table of moves


def test_only_open_messages_and_late_deliveries_ever_move() -> None:
    assert {state for state, targets in MOVES.items() if targets} == {*OPEN, MessageState.EXPIRED}
    assert MOVES[MessageState.EXPIRED] == {MessageState.DELIVERED}
    assert sources(MessageState.CLAIMED) == {MessageState.PLANNED, MessageState.UNKNOWN}


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("source", list(MessageState))
@pytest.mark.parametrize("target", list(MessageState))
def test_a_move_that_the_table_does_not_name_changes_nothing(
    app: Flask, source: MessageState, target: MessageState
) -> None:
    (row,) = submitted(1, source)
    db.session.execute(move(target, Message.id == row.id, only_from=MessageState))
    assert state_of(row) == (target if target in MOVES[source] else source)
