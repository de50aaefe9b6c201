"""The invitees of an event as the audience of a campaign."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.accounts.models import User
from app.core.clock import now, today
from app.core.db import db
from app.core.permissions import Role
from app.core.workflow.engine import transition
from app.employers.models import ContactRole, Employer, EmployerContact, Stage
from app.outreach.events import services as events
from app.outreach.events.lists import CIRCLES
from app.outreach.events.models import Invitee
from app.outreach.events.models import OutreachEvent as Event
from app.outreach.events.services import Plan
from app.outreach.events.workflow import EVENT
from campaigns.drafting import services as drafting
from campaigns.drafting.models import AudienceMember, Campaign, CampaignState, Channel, ContactOrder
from campaigns.drafting.single import queries
from campaigns.drafting.single import services as single
from tests.factories import (
    create_branch,
    create_contact,
    create_employer,
    create_user,
    seed_codes,
    seed_outlines,
    seed_templates,
    sign_in,
)


@pytest.fixture
def chen(app: Flask) -> User:
    seed_codes()
    seed_templates()
    seed_outlines()
    return create_user(Role.SPECIALIST, branch=create_branch(name="滨海管理部"))


def reached(chen: User, mobile: str) -> Employer:
    firm = create_employer(chen.branch, stage=Stage.CONTRIBUTING, owner_id=chen.id, address="海滨街道一号院")
    create_contact(firm, mobile=mobile)
    return firm


@pytest.fixture
def event(chen: User) -> Event:
    begins = now() - timedelta(hours=2)
    wish = Plan("经办人培训会", "02", "二楼大厅", begins, begins + timedelta(hours=1), chen.id)
    made = events.plan(wish, chen)
    for mobile in ("13800138001", "13800138002", "13800138003"):
        events.invite(made, reached(chen, mobile), chen)
    reached(chen, "13800138009")
    return made


def invitees(event: Event) -> list[Invitee]:
    return list(db.session.scalars(select(Invitee).where(Invitee.event_id == event.id).order_by(Invitee.id)))


def members(campaign: Campaign) -> set[str | None]:
    query = select(AudienceMember.phone).where(AudienceMember.campaign_id == campaign.id)
    return set(db.session.scalars(query))


def test_all_who_are_invited_are_written_to_and_what_is_approved_stands(
    client: FlaskClient, event: Event, chen: User
) -> None:
    sign_in(client, chen)
    address = f"/campaigns/single/event/{event.id}"
    assert "全部受邀单位" in client.get(address, headers={"HX-Request": "true"}).text
    assert f"/campaigns/single/event/{event.id}" in client.get(f"/events/{event.id}").text
    made = client.post(f"{address}/send", data={"channel": "sms", "circle": "invited"})
    (campaign,) = db.session.scalars(select(Campaign))
    assert made.status_code == 303 and (campaign.recipients, campaign.state) == (3, CampaignState.DRAFT)
    assert members(campaign) == {"13800138001", "13800138002", "13800138003"}
    shown = client.get(made.location).text
    assert "参加经办人培训会" in shown and "地点二楼大厅" in shown
    client.post(f"{address}/send", data={"channel": "sms", "circle": "invited"})
    assert len(list(db.session.scalars(select(Campaign)))) == 1  # what waits is not drafted twice
    events.invite(event, reached(chen, "13800138004"), chen)
    assert drafting.reckon_again(campaign) and campaign.recipients == 4
    drafting.submit(campaign, chen)
    drafting.approve(campaign, create_user(Role.BRANCH_HEAD, branch=chen.branch), drafting.seal(campaign), "")
    events.invite(event, reached(chen, "13800138005"), chen)
    assert not drafting.reckon_again(campaign) and campaign.recipients == 4


def test_a_state_of_the_invitees_names_the_audience(client: FlaskClient, event: Event, chen: User) -> None:
    came, missed, awaited = invitees(event)
    events.record(came, "attend", chen)
    events.record(missed, "miss", chen)
    sign_in(client, chen)
    send = f"/campaigns/single/event/{event.id}/send"
    client.post(send, data={"channel": "sms", "circle": "awaited"})
    events.record(awaited, "excuse", chen)
    transition(EVENT, event, "hold", chen)
    db.session.commit()
    for circle in ("came", "missed"):
        client.post(send, data={"channel": "sms", "circle": circle})
    found = [
        (one.template_version and one.template_version.template.code, members(one)) for one in _campaigns()
    ]
    assert found == [
        ("event_reminder", {"13800138003"}),
        ("event_thanks", {"13800138001"}),
        ("event_missed", {"13800138002", "13800138003"}),
    ]


def _campaigns() -> list[Campaign]:
    return list(db.session.scalars(select(Campaign).order_by(Campaign.id)))


def test_an_invitation_goes_by_letter(client: FlaskClient, event: Event, chen: User) -> None:
    sign_in(client, chen)
    client.post(f"/campaigns/single/event/{event.id}/send", data={"channel": "letter", "circle": "invited"})
    (campaign,) = _campaigns()
    assert (campaign.channel, campaign.recipients) == (Channel.LETTER, 3)
    assert campaign.letter is not None and campaign.letter["values"]["event_place"] == "二楼大厅"


def test_whoever_is_meant_to_come_is_written_to_whatever_the_role(event: Event, chen: User) -> None:
    meant, left, _ordinary = invitees(event)
    clerk, former = (
        create_contact(one.employer, role=ContactRole.FINANCE, mobile=mobile)
        for one, mobile in ((meant, "13900139001"), (left, "13900139002"))
    )
    for invitee, person in ((meant, clerk), (left, former)):
        events.mean(invitee, person.id, "", chen)
    gone = EmployerContact.contact_id == former.id
    db.session.execute(update(EmployerContact).where(gone).values(until=today() - timedelta(days=1)))
    sent, posted = (
        single.draft(queries.sendable("event"), event, channel, chen, chen.branch, CIRCLES[0])
        for channel in (Channel.SMS, Channel.LETTER)
    )
    assert members(sent) == {"13900139001", "13800138002", "13800138003"}
    query = select(AudienceMember.contact_id).where(AudienceMember.campaign_id == posted.id)
    assert clerk.id in set(db.session.scalars(query)) and posted.recipients == 3
    sent.contact_order = ContactOrder.HANDLER_ONLY
    assert not drafting.reckon_again(sent) and "13900139001" in members(sent)


def test_nobody_is_written_to_whom_the_event_does_not_name(
    client: FlaskClient, event: Event, chen: User
) -> None:
    send = f"/campaigns/single/event/{event.id}/send"
    sign_in(client, chen)
    for circle in ("came", "everybody", ""):  # it was not held yet; unknown; none
        assert client.post(send, data={"channel": "sms", "circle": circle}).status_code == 400
    sign_in(client, create_user(Role.SPECIALIST, branch=create_branch()))
    assert client.post(send, data={"channel": "sms", "circle": "invited"}).status_code == 404
    assert _campaigns() == []
