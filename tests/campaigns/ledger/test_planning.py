import re
from collections import Counter

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import Branch
from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError
from app.core.jobs import run_inline
from app.core.permissions import Role
from app.employers.models import ContactRole, EmployerContact
from campaigns.channels.sms.models import OptOut
from campaigns.drafting.frequency.queries import recent_employers, recent_phones
from campaigns.drafting.models import Exclusion, MessageClass
from campaigns.ledger import jobs
from campaigns.ledger.queries import balance
from campaigns.ledger.services import controlling, opting_out, planning
from tests.campaigns.sending import (
    approve,
    create_member,
    large_campaign,
    ledger,
    plan,
    planned_campaign,
    ready_campaign,
    states,
)
from tests.factories import create_campaign, create_user, sign_in


def test_every_member_becomes_one_row_with_the_text_it_will_get(app: Flask) -> None:
    campaign = planned_campaign(3)
    rows = ledger(campaign)
    assert [row.text for row in rows] == [
        f"【滨海管理部】{row.contact.name}您好，您单位住房公积金已欠缴，请尽快办理补缴。"
        for row in rows
        if row.contact
    ]
    assert {(row.state, row.segments, row.recipient_key) for row in rows} == {
        ("planned", 1, row.phone) for row in rows
    }
    assert campaign.planned_at is not None
    assert len({row.public_id for row in rows}) == len({row.token for row in rows}) == 3
    assert all(re.fullmatch("[0-9a-f]{32}", row.public_id) for row in rows)
    assert all(re.fullmatch(r"[\w-]{16}", row.token or "", re.ASCII) for row in rows)


def test_the_excluded_are_rows_too_with_their_reason(app: Flask) -> None:
    campaign = ready_campaign(1)
    create_member(campaign, excluded=Exclusion.OPTED_OUT)
    create_member(campaign, phone="13800000077", excluded=Exclusion.NO_MOBILE).phone = None
    approve(campaign)
    controlling.launch(campaign.id, None)
    plan(campaign)
    found = balance(campaign)
    assert found.suppressed_by == {"opted_out": 1, "no_mobile": 1}
    assert (found.audience, found.progress.planned, found.progress.suppressed) == (3, 1, 2)
    assert found.adds_up
    assert [row.token for row in ledger(campaign)].count(None) == 2


def test_planning_again_writes_nothing(app: Flask) -> None:
    campaign = planned_campaign(3)
    before = [(row.id, row.public_id, row.text) for row in ledger(campaign)]
    plan(campaign)
    assert [(row.id, row.public_id, row.text) for row in ledger(campaign)] == before


def test_a_chunk_that_a_crash_lost_is_found_again(app: Flask) -> None:
    campaign = planned_campaign(4)
    db.session.delete(ledger(campaign)[1])
    db.session.commit()
    plan(campaign)
    assert states(campaign) == {"planned": 4}


def test_one_number_gets_one_message_even_if_the_audience_forgot_to_join_it(app: Flask) -> None:
    campaign = ready_campaign(0)
    first, second = create_member(campaign, "13900000001"), create_member(campaign, "13900000001")
    approve(campaign)
    controlling.launch(campaign.id, None)
    plan(campaign)
    rows = {row.member_id: row for row in ledger(campaign)}
    assert rows[first.id].state == "planned"
    assert (rows[second.id].state, rows[second.id].reason) == ("suppressed", "merged")
    assert rows[second.id].merged_into_id == first.id


def test_a_large_audience_is_planned_in_chunks(app: Flask) -> None:
    people = planning.CHUNK + 7
    campaign = large_campaign(people)
    controlling.launch(campaign.id, None)
    last = planning.plan_chunk(campaign)
    assert len(ledger(campaign)) == planning.CHUNK
    assert last is not None
    plan(campaign)
    assert Counter(row.phone for row in ledger(campaign)).most_common(1)[0][1] == 1
    assert states(campaign) == {"planned": people}


@pytest.mark.parametrize(
    ("message_class", "reason"), [(MessageClass.PUBLICITY, "opted_out"), (MessageClass.SERVICE, None)]
)
def test_somebody_who_left_after_the_approval_gets_no_promotion_but_still_the_notice(
    app: Flask, message_class: MessageClass, reason: str | None
) -> None:
    campaign = ready_campaign(0, message_class=message_class)
    create_member(campaign, "13900000001")
    create_member(campaign, "13900000002")
    db.session.add(OptOut(phone="13900000001", signature="滨海管理部"))
    db.session.add(OptOut(phone="13900000002", signature="另一个部门"))
    approve(campaign)
    controlling.launch(campaign.id, None)
    plan(campaign)
    assert [row.reason for row in ledger(campaign)] == [reason, None]


def test_a_number_found_dead_after_the_approval_is_spared(app: Flask) -> None:
    campaign = ready_campaign(1)
    dead = create_member(campaign).contact
    assert dead is not None
    dead.invalid_since = today()
    approve(campaign)
    controlling.launch(campaign.id, None)
    plan(campaign)
    assert [row.reason for row in ledger(campaign)] == [None, "dead_number"]


def test_whoever_leaves_after_the_approval_does_not_count_as_written_to(app: Flask) -> None:
    campaign = ready_campaign(1, message_class=MessageClass.GREETING)
    speaker = create_member(campaign)
    spoken_for = create_member(
        campaign, contact=speaker.contact, excluded=Exclusion.MERGED, merged_into_id=speaker.id
    )
    approve(campaign)
    controlling.launch(campaign.id, None)
    plan(campaign)
    following = create_campaign(campaign.created_by, frequency_days=7)
    assert {speaker.employer_id, spoken_for.employer_id} <= recent_employers(following)
    assert speaker.contact is not None
    opting_out.record(speaker.contact, MessageClass.GREETING, "来电", create_user())
    db.session.expire_all()
    assert [speaker.excluded, spoken_for.excluded] == [Exclusion.OPTED_OUT] * 2
    assert not {speaker.employer_id, spoken_for.employer_id} & recent_employers(following)
    assert speaker.phone not in recent_phones(following)
    assert balance(campaign).adds_up


def test_a_campaign_cancelled_before_it_was_planned_accounts_for_everybody(app: Flask) -> None:
    campaign = ready_campaign(2)
    create_member(campaign, excluded=Exclusion.NO_MOBILE)
    approve(campaign)
    assert balance(campaign).adds_up
    controlling.launch(campaign.id, None)
    assert not balance(campaign).adds_up
    with run_inline():
        controlling.cancel(campaign.id, None)
        jobs.wake(campaign.id)
        db.session.commit()
    db.session.refresh(campaign)
    found = balance(campaign)
    assert found.suppressed_by == {"cancelled": 2, "no_mobile": 1}
    assert (found.adds_up, found.launched, campaign.planned_at is not None) == (True, True, True)


def test_a_gap_leaves_that_one_member_out_and_not_the_campaign(app: Flask) -> None:
    campaign = ready_campaign(1)
    create_member(campaign, variables={})
    approve(campaign)
    controlling.launch(campaign.id, None)
    plan(campaign)
    assert [row.reason for row in ledger(campaign)] == [None, "missing_value"]


def test_a_campaign_changed_after_its_approval_cannot_be_launched(app: Flask) -> None:
    campaign = ready_campaign(1)
    create_member(campaign)
    db.session.commit()
    with pytest.raises(DomainError):
        controlling.launch(campaign.id, None)


def test_what_a_person_told_stops_that_class_alone_even_service_notices(
    client: FlaskClient, app: Flask
) -> None:
    campaign = planned_campaign(2, message_class=MessageClass.SERVICE)
    first, second = ledger(campaign)
    contact, employer = first.contact, first.employer
    assert contact is not None
    db.session.add(EmployerContact(employer=employer, contact=contact, role=ContactRole.HANDLER))
    branch = db.session.get_one(Branch, employer.branch_id)
    sign_in(client, create_user(Role.SPECIALIST, branch=branch, name="李婷"))
    url = f"/campaigns/unwanted/{contact.id}"
    assert client.post(url, data={"message_class": "greeting", "source": " "}).status_code == 400
    for kind in ("greeting", "service"):
        assert client.post(url, data={"message_class": kind, "source": "3月12日来电"}).status_code == 303
        assert states(campaign).get("suppressed", 0) == (kind == "service")
    assert client.post(url, data={"message_class": "service", "source": "再次来电"}).status_code == 409
    db.session.refresh(second)
    assert (second.state, second.reason) == ("planned", None)
    page = client.get(f"/contacts/{contact.id}").text
    assert "3月12日来电" in page
    assert "李婷" in page
    entry = db.session.scalars(select(OptOut).where(OptOut.message_class == "service")).one()
    assert client.post(f"{url}/{entry.id}/withdraw").status_code == 303
    assert db.session.scalars(select(OptOut.message_class)).all() == ["greeting"]
    sign_in(client, create_user(Role.SPECIALIST))
    assert client.post(url, data={"message_class": "publicity", "source": "来电"}).status_code == 404
