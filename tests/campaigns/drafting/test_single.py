"""Sending one record to one employer: a contribution plan, or the papers that an opening waits for."""

from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.accounts.models import User
from app.core.clock import today
from app.core.db import db
from app.core.options import set_value
from app.core.permissions import Role
from app.core.rules.legal import LegalBasis, seed_legal_basis
from app.core.rules.rates import HIGHEST_BASE, Group
from app.employers.models import Employer, Stage
from app.lifecycle.onboarding.services import beginning, checking
from app.lifecycle.onboarding.workflow import PAPERS
from app.lifecycle.papers.models import CheckResult
from app.lifecycle.papers.policy import Finding
from app.outreach.plans.models import ContributionPlan
from app.outreach.plans.queries import valid_until
from app.outreach.plans.services import save_plan
from campaigns.drafting.models import AudienceMember, Campaign, CampaignState, Channel
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

FIVE = Decimal("0.05")


@pytest.fixture
def chen(app: Flask) -> User:
    seed_templates()
    seed_outlines()
    return create_user(Role.SPECIALIST, branch=create_branch(name="滨海管理部"))


@pytest.fixture
def plan(chen: User) -> ContributionPlan:
    firm = create_employer(
        chen.branch,
        name="海川科技有限公司",
        stage=Stage.ENGAGED,
        owner_id=chen.id,
        address="海滨街道一号院",
    )
    create_contact(firm, name="王芳", mobile="13800138000")
    create_contact(create_employer(chen.branch), mobile="13800138009")
    groups = [Group(3, Decimal(4800)), Group(1, Decimal(40000))]
    return save_plan(firm, groups, FIVE, FIVE, "", chen)


def drafted() -> list[Campaign]:
    return list(db.session.scalars(select(Campaign).order_by(Campaign.id)))


def test_a_plan_is_sent_by_sms_to_its_employer_alone_after_an_approval(
    client: FlaskClient, plan: ContributionPlan, chen: User
) -> None:
    sign_in(client, chen)
    address = f"/campaigns/single/contribution_plan/{plan.id}"
    assert "短信发送" in client.get(address, headers={"HX-Request": "true"}).text
    made = client.post(f"{address}/send", data={"channel": "sms"})
    (campaign,) = drafted()
    assert made.status_code == 303 and made.location.endswith(f"/campaigns/{campaign.id}/draft")
    assert (campaign.state, campaign.recipients, campaign.audience_size) == (CampaignState.DRAFT, 1, 1)
    (member,) = db.session.scalars(select(AudienceMember))
    assert (member.employer_id, member.phone) == (plan.employer_id, "13800138000")
    shown = client.get(made.location).text
    assert "单位为海川科技有限公司" in shown  # not the number of its record
    assert "4人，人均基数10565.25元，比例单位5%、职工5%，每月单位缴2113.05元" in shown
    client.post(f"{address}/send", data={"channel": "sms"})
    assert len(drafted()) == 1  # what is waiting to go out is not drafted twice
    assert f"/campaigns/{campaign.id}/draft" in client.get(address).text
    values = {f"value:{name}": value for name, value in campaign.template_values.items()}
    values |= {"name": "改名", "segment_id": "0", "contact_order": "handler_only", "frequency_days": "0"}
    version = campaign.template_version
    assert version is not None
    said = {"template": str(version.id), "template_text": version.text, "message_class": "service"}
    assert client.post(f"/campaigns/{campaign.id}/edit", data=values | said).status_code == 303
    assert (campaign.name, campaign.recipients) == ("改名", 1)  # still to this one employer
    sign_in(client, create_user(Role.SPECIALIST, branch=create_branch(name="外区管理部")))
    asked = client.get(f"/employers?record_number.eq={plan.employer_id}")
    assert asked.status_code == 200 and "海川" not in asked.text  # its name is told to nobody out of reach


def test_a_plan_is_sent_by_letter_with_the_law_it_rests_on(
    client: FlaskClient, plan: ContributionPlan, chen: User
) -> None:
    seed_legal_basis()
    db.session.execute(update(LegalBasis).values(verified=True))
    sign_in(client, chen)
    client.post(f"/campaigns/single/contribution_plan/{plan.id}/send", data={"channel": "letter"})
    (campaign,) = drafted()
    assert (campaign.channel, campaign.recipients) == (Channel.LETTER, 1)
    assert campaign.letter is not None and campaign.letter["values"]["total_amount"] == "4226.10元"


def test_a_plan_holds_until_its_year_ends_or_other_bounds_begin(plan: ContributionPlan) -> None:
    end = valid_until(plan)
    assert (end.month, end.day) == (6, 30) and today() <= end
    set_value(HIGHEST_BASE, 30000, today() + timedelta(days=9))
    assert valid_until(plan) == today() + timedelta(days=8)


def test_outstanding_papers_are_sent_with_their_days_and_nothing_when_all_are_there(
    client: FlaskClient, plan: ContributionPlan, chen: User
) -> None:
    seed_codes()
    opening = beginning.begin(db.session.get_one(Employer, plan.employer_id), chen)
    in_order, day = Finding(CheckResult.COMPLETE), today() + timedelta(days=5)
    findings = {code: in_order for code in PAPERS.asked()}
    checking.check(opening, {**findings, "201": Finding(CheckResult.MISSING, due_on=day)}, chen)
    sign_in(client, chen)
    address = f"/campaigns/single/opening/{opening.id}/send"
    client.post(address, data={"channel": "sms"})
    (campaign,) = drafted()
    said = f"法定代表人身份证件复印件（{day.month}月{day.day}日前）"
    assert campaign.template_values == {"papers": said}
    checking.check(opening, {"201": in_order}, chen)
    refused = client.post(address, data={"channel": "letter"}, follow_redirects=True)
    assert "没有待补材料" in refused.text
    assert len(drafted()) == 1


def test_neither_another_branch_nor_an_unknown_channel_or_kind_sends_anything(
    client: FlaskClient, plan: ContributionPlan, chen: User
) -> None:
    address = f"/campaigns/single/contribution_plan/{plan.id}/send"
    sign_in(client, chen)
    client.post(address, data={"channel": "pigeon"})
    assert client.post(f"/campaigns/single/visit/{plan.id}/send", data={"channel": "sms"}).status_code == 404
    sign_in(client, create_user(Role.SPECIALIST, branch=create_branch(name="东港管理部")))
    assert client.post(address, data={"channel": "sms"}).status_code == 404
    assert drafted() == []
