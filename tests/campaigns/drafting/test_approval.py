"""Two people, one text, one audience: what an approval is given for, and what voids it."""

from dataclasses import replace
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from app.accounts.models import User
from app.core.criteria import segments
from app.core.db import db
from app.core.errors import Conflict, DomainError, Forbidden
from app.core.options import set_value
from app.core.permissions import Role
from app.core.workflow.engine import available, history, transition
from app.employers.lists import employer_fields
from campaigns.drafting import services
from campaigns.drafting.audience.services import leave_out
from campaigns.drafting.models import AudienceMember, Campaign, CampaignState, ContactOrder, MessageClass
from campaigns.drafting.policy import HEAD_ABOVE_COST, HEAD_ABOVE_RECIPIENTS, approval_stands, cost_of
from campaigns.drafting.queries import sender_of
from campaigns.drafting.workflow import CAMPAIGN
from tests.factories import create_branch, create_contact, create_employer, create_user

WISH = services.Wish(
    name="九月催缴",
    segment_id=None,
    criteria={"match": "all", "rules": []},
    message_class=MessageClass.SERVICE,
    template_text="{handler}您好，{employer}欠缴{months}个月，请尽快补缴。",
    deadline=None,
    contact_order=ContactOrder.HANDLER_FIRST,
    frequency_days=0,
)


@pytest.fixture
def manager(app: Flask) -> User:
    branch = create_branch(name="滨海管理部")
    for number in range(3):
        create_contact(create_employer(branch, arrears_months=2), mobile=f"1380000000{number}")
    return create_user(Role.MANAGER, branch=branch)


@pytest.fixture
def head(manager: User) -> User:
    return create_user(Role.BRANCH_HEAD, branch=manager.branch)


@pytest.fixture
def submitted(manager: User) -> Campaign:
    campaign = services.draft(WISH, manager, manager.branch)
    services.submit(campaign, manager)
    return campaign


def approve(campaign: Campaign, actor: User) -> None:
    services.approve(campaign, actor, services.seal(campaign))


def test_another_person_approves_and_the_campaign_may_be_launched(submitted: Campaign, head: User) -> None:
    approve(submitted, head)
    assert submitted.state is CampaignState.APPROVED
    assert submitted.approved_by_id == head.id
    assert approval_stands(submitted)
    transition(CAMPAIGN, submitted, "launch", head)
    assert [step.transition for step in history(CAMPAIGN, submitted.id)] == ["launch", "approve", "submit"]


def test_the_author_cannot_approve_and_is_told_why(submitted: Campaign, manager: User) -> None:
    with pytest.raises(DomainError) as refused:
        approve(submitted, manager)
    assert len(refused.value.reasons) == 1
    blocked = {o.transition.name: o.reasons for o in available(CAMPAIGN, submitted, manager)}
    assert blocked["approve"] == refused.value.reasons
    assert submitted.state is CampaignState.SUBMITTED


def test_whoever_changed_it_since_the_last_approval_cannot_approve_either(
    submitted: Campaign, manager: User, head: User
) -> None:
    services.revise(submitted, replace(WISH, name="改名"), head)
    services.revise(submitted, replace(WISH, name="再改名"), manager)
    services.submit(submitted, manager)
    with pytest.raises(DomainError):
        approve(submitted, head)
    other = create_user(Role.BRANCH_HEAD, branch=manager.branch)
    approve(submitted, other)
    services.revise(submitted, replace(WISH, name="三改"), manager)
    services.submit(submitted, manager)
    approve(submitted, head)


def test_a_specialist_cannot_approve(submitted: Campaign, manager: User) -> None:
    with pytest.raises(Forbidden):
        approve(submitted, create_user(Role.SPECIALIST, branch=manager.branch))


def test_many_recipients_need_the_branch_head(submitted: Campaign, manager: User, head: User) -> None:
    set_value(HEAD_ABOVE_RECIPIENTS, 2)
    colleague = create_user(Role.MANAGER, branch=manager.branch)
    with pytest.raises(DomainError) as refused:
        approve(submitted, colleague)
    assert "2" in refused.value.reasons[0]
    approve(submitted, head)


def test_a_dear_campaign_needs_the_head_as_well(submitted: Campaign, manager: User, head: User) -> None:
    assert cost_of(submitted) == Decimal("0.15")  # three segments
    submitted.price = Decimal("0.5")
    set_value(HEAD_ABOVE_COST, 1)
    with pytest.raises(DomainError) as refused:
        approve(submitted, create_user(Role.MANAGER, branch=manager.branch))
    assert "1" in refused.value.reasons[0]
    approve(submitted, head)


def test_a_few_recipients_can_be_approved_by_another_manager(submitted: Campaign, manager: User) -> None:
    approve(submitted, create_user(Role.MANAGER, branch=manager.branch))
    assert submitted.approved_hash


def test_an_approval_of_something_else_than_was_shown_is_refused(submitted: Campaign, head: User) -> None:
    seen = services.seal(submitted)
    create_contact(create_employer(submitted.branch), mobile="13900000000")
    assert services.reckon_again(submitted)
    with pytest.raises(Conflict):
        services.approve(submitted, head, seen)
    assert submitted.state is CampaignState.SUBMITTED


@pytest.mark.parametrize(
    "change",
    [{"template_text": "{handler}您好"}, {"name": "改名"}, {"frequency_days": 3}],
    ids=lambda change: next(iter(change)),
)
def test_any_change_takes_an_approved_campaign_back_to_draft(
    submitted: Campaign, manager: User, head: User, change: dict[str, object]
) -> None:
    approve(submitted, head)
    services.revise(submitted, replace(WISH, **change), manager)  # type: ignore[arg-type]
    assert submitted.state is CampaignState.DRAFT
    assert submitted.approved_hash is None
    assert submitted.approved_by_id is None
    with pytest.raises(DomainError):
        transition(CAMPAIGN, submitted, "launch", head)


def test_an_audience_tampered_with_after_the_approval_cannot_be_launched(
    submitted: Campaign, head: User
) -> None:
    approve(submitted, head)
    db.session.execute(
        update(AudienceMember).where(AudienceMember.phone == "13800000000").values(phone="13911111111")
    )
    with pytest.raises(DomainError):
        transition(CAMPAIGN, submitted, "launch", head)
    assert submitted.state is CampaignState.APPROVED


def test_a_recipient_dropped_after_the_approval_voids_it(submitted: Campaign, head: User) -> None:
    approve(submitted, head)
    db.session.execute(delete(AudienceMember).where(AudienceMember.phone == "13800000000"))
    assert not approval_stands(submitted)


def test_a_text_changed_behind_the_workflow_voids_the_approval(submitted: Campaign, head: User) -> None:
    approve(submitted, head)
    submitted.template_text = "别的内容"
    assert not approval_stands(submitted)


def test_the_audience_stands_still_once_approved(submitted: Campaign, head: User) -> None:
    approve(submitted, head)
    create_contact(create_employer(submitted.branch), mobile="13900000000")
    assert not services.reckon_again(submitted)
    assert submitted.recipients == 3
    assert approval_stands(submitted)


def test_a_campaign_to_nobody_cannot_be_submitted(app: Flask) -> None:
    manager = create_user(Role.MANAGER)
    campaign = services.draft(WISH, manager, manager.branch)
    with pytest.raises(DomainError) as refused:
        services.submit(campaign, manager)
    assert len(refused.value.reasons) == 1


def test_a_text_that_cannot_be_sent_is_not_even_kept(manager: User) -> None:
    with pytest.raises(DomainError):
        services.draft(replace(WISH, template_text="{nobody}"), manager, manager.branch)


def test_approving_twice_is_refused_the_second_time(submitted: Campaign, head: User) -> None:
    approve(submitted, head)
    with pytest.raises(DomainError):
        approve(submitted, head)


def test_sending_back_needs_a_reason_which_the_author_reads(submitted: Campaign, head: User) -> None:
    with pytest.raises(DomainError):
        services.send_back(submitted, head, "  ")
    services.send_back(submitted, head, "请写明截止日期")
    assert submitted.state is CampaignState.DRAFT
    assert history(CAMPAIGN, submitted.id)[0].comment == "请写明截止日期"


def test_a_launched_campaign_cannot_be_changed(submitted: Campaign, manager: User, head: User) -> None:
    approve(submitted, head)
    transition(CAMPAIGN, submitted, "launch", head)
    with pytest.raises(DomainError):
        services.revise(submitted, WISH, manager)
    assert submitted.template_text == WISH.template_text


def test_a_branch_signs_as_the_nearest_setting_above_it_says(app: Flask) -> None:
    root = create_branch(name="中心")
    below = create_branch(name="滨海", parent=root)
    services.set_sender(root, "公积金中心", "022-1234567", "0.045")
    assert sender_of(below).signature == "公积金中心"
    services.set_sender(below, "滨海管理部", "022-7654321", "0.05")
    assert sender_of(below).signature == "滨海管理部"
    assert sender_of(root).signature == "公积金中心"


def test_a_segment_asked_in_other_words_is_looked_at_again_and_then_approved(
    manager: User, head: User
) -> None:
    segment = segments.save("employers", "全部", WISH.criteria, employer_fields(), manager)
    campaign = services.draft(replace(WISH, segment_id=segment.id), manager, manager.branch)
    services.submit(campaign, manager)
    seen, rule = services.seal(campaign), {"field": "arrears_months", "op": "ge", "value": "1"}
    segment.tree = {"match": "all", "rules": [rule]}
    assert services.reckon_again(campaign) and campaign.recipients == 3
    with pytest.raises(Conflict):
        services.approve(campaign, head, seen)
    assert not services.reckon_again(campaign)
    approve(campaign, head)


def test_whoever_left_employers_out_by_hand_cannot_approve(manager: User, head: User) -> None:
    campaign = services.draft(WISH, manager, manager.branch)
    member = db.session.scalars(select(AudienceMember).order_by(AudienceMember.id)).first()
    assert member is not None
    leave_out(member, "已当面告知", head)
    services.submit(campaign, manager)
    with pytest.raises(DomainError) as refusal:
        approve(campaign, head)
    assert [str(reason) for reason in refusal.value.reasons] == ["本活动由您起草或修改，须由他人审批。"]
