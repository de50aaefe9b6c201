"""Whom a campaign reaches, and why the others are left out."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event, select, update

from app.accounts.models import Branch, User
from app.core.clock import local, now, today
from app.core.db import db
from app.core.errors import DomainError, Forbidden
from app.core.options import set_value
from app.core.permissions import Role
from app.employers.models import ContactRole, Employer, PreferredChannel, Stage
from campaigns.channels.sms.models import OptOut
from campaigns.drafting.audience.models import Audience
from campaigns.drafting.audience.queries import reckon
from campaigns.drafting.audience.services import leave_out, refresh, take_in
from campaigns.drafting.content.queries import reading
from campaigns.drafting.frequency.policy import CONTACT_DAY, CONTACT_WEEK, EMPLOYER_WEEK
from campaigns.drafting.models import (
    AudienceMember,
    Campaign,
    CampaignState,
    ContactOrder,
    Exclusion,
    MessageClass,
)
from campaigns.drafting.policy import SERVICE_TO_ALL, stored_audience_fingerprint
from tests.factories import create_branch, create_campaign, create_contact, create_employer, create_user

PHONE = "12329"


@pytest.fixture
def branch(app: Flask) -> Branch:
    return create_branch(name="滨海管理部")


@pytest.fixture
def manager(branch: Branch) -> User:
    return create_user(Role.MANAGER, branch=branch)


def employer(branch: Branch, mobile: str | None = None, name: str = "张三", **fields: Any) -> Employer:
    made = create_employer(branch, **fields)
    create_contact(made, name=name, mobile=mobile)
    return made


def reasons(audience: Audience) -> dict[int, Exclusion | None]:
    return {member.employer_id: member.excluded for member in audience.members}


def test_everybody_who_gets_no_message_has_a_reason(branch: Branch, manager: User) -> None:
    campaign = create_campaign(manager, signature="滨海管理部", message_class=MessageClass.PUBLICITY)
    db.session.add(OptOut(phone="13800000005", signature="滨海管理部"))
    db.session.add(OptOut(phone="13800000006", signature="别的部门"))
    expected = {
        employer(branch, "13800000001").id: None,
        create_employer(branch).id: Exclusion.NO_CONTACT,
        employer(branch, None).id: Exclusion.NO_MOBILE,
        employer(branch, "022-6655443").id: Exclusion.BAD_NUMBER,
        employer(branch, "13800000005").id: Exclusion.OPTED_OUT,
        employer(branch, "13800000006").id: None,
        employer(branch, "13800000007", stage=Stage.CLOSED).id: Exclusion.CLOSED,
        employer(branch, "13800000008", eligible=False).id: Exclusion.INELIGIBLE,
    }
    dead = create_employer(branch)
    create_contact(dead, mobile="13800000009", invalid_since=today())
    expected[dead.id] = Exclusion.DEAD_NUMBER
    assert reasons(reckon(campaign, PHONE)) == expected


def test_a_service_notice_is_owed_even_to_those_who_opted_out(branch: Branch, manager: User) -> None:
    db.session.add(OptOut(phone="13800000001", signature="滨海管理部"))
    one = employer(branch, "13800000001")
    campaign = create_campaign(manager, signature="滨海管理部")
    assert reasons(reckon(campaign, PHONE)) == {one.id: None}


def test_a_class_that_a_person_does_not_want_is_left_out_whatever_the_signature(
    branch: Branch, manager: User
) -> None:
    one, other = employer(branch, "138 0000 0001"), employer(branch, "13800000002")
    for link, kind in ((one.contacts[0], "service"), (other.contacts[0], "greeting")):
        db.session.add(OptOut(contact_id=link.contact_id, message_class=kind))
    campaign = create_campaign(manager, signature="滨海管理部")
    assert reasons(reckon(campaign, PHONE)) == {one.id: Exclusion.OPTED_OUT, other.id: None}


def test_a_person_of_many_employers_gets_one_message_that_speaks_for_all(
    branch: Branch, manager: User
) -> None:
    first = employer(branch, "13800000001", arrears_months=2)
    second = employer(branch, "138 0000 0001", arrears_months=5)
    third = employer(branch, "+86 13800000001", arrears_months=1)
    campaign = create_campaign(manager, template_text="{handler}您好，{employer}欠缴{months}个月")
    refresh(campaign, PHONE)
    rows = {m.employer_id: m for m in db.session.scalars(select(AudienceMember))}
    lead = rows[first.id]
    assert lead.excluded is None
    assert lead.variables["employer"] == f"{first.name}等3家单位"
    assert lead.variables["months"] == "5"
    assert lead.own_variables["months"] == "2"
    for merged in (second, third):
        assert rows[merged.id].excluded is Exclusion.MERGED
        assert rows[merged.id].merged_into_id == lead.id
        shown = reading(campaign, rows[merged.id].id)
        assert (shown.asked.id, shown.sample.member.id) == (rows[merged.id].id, lead.id)
    assert (campaign.audience_size, campaign.recipients) == (3, 1)


def test_the_next_contact_is_chosen_when_the_first_cannot_be_reached(branch: Branch, manager: User) -> None:
    one = create_employer(branch)
    create_contact(one, name="经办", mobile=None)
    boss = create_contact(one, ContactRole.PERSON_IN_CHARGE, name="负责人", mobile="13800000002")
    chosen = reckon(create_campaign(manager), PHONE).members[0]
    assert (chosen.contact_id, chosen.excluded) == (boss.id, None)
    strict = create_campaign(manager, contact_order=ContactOrder.HANDLER_ONLY)
    assert reckon(strict, PHONE).members[0].excluded is Exclusion.NO_MOBILE


def test_a_former_handler_is_not_written_to(branch: Branch, manager: User) -> None:
    one = create_employer(branch)
    create_contact(one, mobile="13800000001", until=today() - timedelta(days=1))
    assert reasons(reckon(create_campaign(manager), PHONE)) == {one.id: Exclusion.NO_CONTACT}


def test_employers_beyond_the_authors_reach_are_counted_but_never_listed(
    branch: Branch, manager: User
) -> None:
    mine = employer(branch, "13800000001")
    employer(create_branch(), "13800000002")
    audience = reckon(create_campaign(manager), PHONE)
    assert list(reasons(audience)) == [mine.id]
    assert audience.outside_scope == 1


def test_whoever_was_written_to_lately_is_left_out(branch: Branch, manager: User) -> None:
    one = employer(branch, "13800000001")
    other = employer(branch, "13800000002")
    earlier = create_campaign(manager, state=CampaignState.FINISHED, launched_at=now() - timedelta(days=3))
    db.session.add(AudienceMember(campaign_id=earlier.id, employer_id=one.id, phone="13800000001"))
    db.session.flush()
    careful = create_campaign(manager, frequency_days=7)
    assert reasons(reckon(careful, PHONE)) == {one.id: Exclusion.FREQUENCY, other.id: None}
    careful.frequency_days = 2
    assert set(reasons(reckon(careful, PHONE)).values()) == {None}
    careful.frequency_days = 0
    assert set(reasons(reckon(careful, PHONE)).values()) == {None}


def test_whoever_had_as_many_messages_as_allowed_is_left_out_unless_the_campaign_lasts_longer(
    branch: Branch, manager: User
) -> None:
    set_value(CONTACT_DAY, 1)
    set_value(CONTACT_WEEK, 2)
    set_value(EMPLOYER_WEEK, 3)
    twice, once, thrice = (employer(branch, f"1380000000{number}") for number in range(3))
    sent = [(twice, "13800000000"), (twice, "13800000000"), (once, "13800000001")]
    sent += [(thrice, f"1390000000{number}") for number in range(3)]
    for one, phone in sent:
        earlier = create_campaign(manager, state=CampaignState.FINISHED, launched_at=now())
        db.session.add(AudienceMember(campaign_id=earlier.id, employer_id=one.id, phone=phone))
    db.session.flush()
    campaign = create_campaign(manager)
    full = {twice.id: Exclusion.OVER_CAP, once.id: None, thrice.id: Exclusion.OVER_CAP}
    assert reasons(reckon(campaign, PHONE)) == full
    campaign.send_until = now() + timedelta(days=8)
    assert set(reasons(reckon(campaign, PHONE)).values()) == {None}
    set_value(CONTACT_WEEK, 0)
    with time_machine.travel(local(now()).replace(hour=12), tick=False):
        # the day's cap leaves out only where the window ends before tomorrow
        campaign.send_until = now() + timedelta(hours=2)
        db.session.execute(
            update(Campaign).where(Campaign.launched_at.is_not(None)).values(launched_at=now())
        )
        assert set(reasons(reckon(campaign, PHONE)).values()) == {Exclusion.OVER_CAP}
        campaign.send_until = now() + timedelta(days=1)
        assert reasons(reckon(campaign, PHONE))[once.id] is None


def test_an_employer_without_a_value_for_the_text_is_left_out(branch: Branch, manager: User) -> None:
    one = employer(branch, "13800000001", paid_through=None)
    campaign = create_campaign(manager, template_text="{employer}缴至{paid_through}")
    assert reasons(reckon(campaign, PHONE)) == {one.id: Exclusion.MISSING_VALUE}


def test_a_sum_for_several_employers_leaves_none_out_that_nobody_knows(branch: Branch, manager: User) -> None:
    known: dict[str, Any] = {"arrears_months": 2, "monthly_amount": Decimal(1000)}
    unknown = employer(branch, "13800000001", arrears_months=2)
    first, second = employer(branch, "13800000001", **known), employer(branch, "13800000001", **known)
    campaign = create_campaign(manager, template_text="{employer}欠缴{amount}")
    found = {one.employer_id: one for one in reckon(campaign, PHONE).members}
    assert found[unknown.id].excluded is Exclusion.MISSING_VALUE
    assert found[first.id].variables == {"employer": f"{first.name}等2家单位", "amount": "4000.00元"}
    assert found[second.id].excluded is Exclusion.MERGED


def test_a_text_that_its_values_make_longer_than_a_gateway_takes_is_left_out(
    branch: Branch, manager: User
) -> None:
    short, long = employer(branch, "13800000001"), employer(branch, "13800000002", name="公" * 90)
    campaign = create_campaign(manager, template_text="{handler}" + "字" * 420)
    assert reasons(reckon(campaign, PHONE)) == {short.id: None, long.id: Exclusion.TOO_LONG}


def test_only_employers_that_meet_the_criteria_belong_to_the_audience(branch: Branch, manager: User) -> None:
    small = employer(branch, "13800000001", heads=9)
    large = employer(branch, "13800000002", heads=10)
    criteria = {"match": "all", "rules": [{"field": "heads", "op": "ge", "value": "10"}]}
    found = reasons(reckon(create_campaign(manager, criteria=criteria), PHONE))
    assert large.id in found
    assert small.id not in found


def test_the_stored_audience_has_the_fingerprint_it_was_reckoned_with(branch: Branch, manager: User) -> None:
    for number in range(5):
        employer(branch, f"1380000000{number % 3}")
    campaign = create_campaign(manager)
    assert refresh(campaign, PHONE)
    assert stored_audience_fingerprint(campaign.id) == campaign.audience_hash
    assert not refresh(campaign, PHONE)
    employer(branch, "13800000009")
    assert refresh(campaign, PHONE)
    assert stored_audience_fingerprint(campaign.id) == campaign.audience_hash


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: object, _k: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def test_a_larger_audience_takes_no_more_statements(branch: Branch, manager: User) -> None:
    for number in range(60):
        employer(branch, f"138{number:08d}")
    campaign: Campaign = create_campaign(manager)
    db.session.commit()
    with counted_statements() as few:
        reckon(campaign, PHONE)
    for number in range(60, 120):
        employer(branch, f"138{number:08d}")
    db.session.commit()
    with counted_statements() as many:
        reckon(campaign, PHONE)
    assert len(many) <= len(few) <= 15


def test_who_prefers_letters_is_passed_over_and_left_out_with_that_reason(
    branch: Branch, manager: User
) -> None:
    campaign = create_campaign(manager, message_class=MessageClass.PUBLICITY)
    alone, accompanied = create_employer(branch), create_employer(branch)
    create_contact(alone, mobile="13800000001", preferred_channel=PreferredChannel.LETTER)
    create_contact(accompanied, mobile="13800000002", preferred_channel=PreferredChannel.LETTER)
    other = create_contact(accompanied, ContactRole.FINANCE, mobile="13800000003")
    found = {member.employer_id: member for member in reckon(campaign, PHONE).members}
    assert found[alone.id].excluded is Exclusion.PREFERS_LETTER
    assert (found[accompanied.id].excluded, found[accompanied.id].contact_id) == (None, other.id)


def test_a_service_notice_goes_to_them_unless_the_department_decides_otherwise(
    branch: Branch, manager: User
) -> None:
    campaign = create_campaign(manager, message_class=MessageClass.SERVICE)
    alone = create_employer(branch)
    create_contact(alone, mobile="13800000001", preferred_channel=PreferredChannel.CALL)
    assert reasons(reckon(campaign, PHONE)) == {alone.id: None}
    set_value(SERVICE_TO_ALL, 0)
    assert reasons(reckon(campaign, PHONE)) == {alone.id: Exclusion.PREFERS_CALL}


def test_numbers_nobody_confirmed_are_passed_over_where_only_confirmed_ones_are_meant(
    branch: Branch, manager: User
) -> None:
    doubtful, sure = employer(branch, "13800000001"), employer(branch, "13800000002")
    sure.contacts[0].contact.verified_on = today()
    create_contact(doubtful, mobile="13800000003", role=ContactRole.FINANCE)
    assert set(reasons(reckon(create_campaign(manager), PHONE)).values()) == {None}
    campaign = create_campaign(manager, verified_only=True)
    assert reasons(reckon(campaign, PHONE)) == {doubtful.id: Exclusion.UNVERIFIED, sure.id: None}


def test_who_is_held_out_is_drawn_once_and_with_all_the_employers_of_the_person(
    branch: Branch, manager: User
) -> None:
    for number in range(120):
        employer(branch, f"138{number // 2:08d}")
    campaign = create_campaign(manager, hold_out=40)
    first = reckon(campaign, PHONE)
    held = {m.phone for m in first.members if m.excluded is Exclusion.HOLD_OUT}
    reached = {m.phone for m in first.members if m.excluded is None}
    assert 8 <= len(held) <= 40
    assert len(held) + len(reached) == 60
    assert not held & reached
    assert reasons(reckon(campaign, PHONE)) == reasons(first)
    other = reckon(create_campaign(manager, hold_out=40), PHONE)
    assert {m.phone for m in other.members if m.excluded is Exclusion.HOLD_OUT} != held
    campaign.hold_out = 0
    assert Exclusion.HOLD_OUT not in reasons(reckon(campaign, PHONE)).values()


def test_an_employer_left_out_by_hand_stays_out_until_it_is_taken_in_again(
    branch: Branch, manager: User
) -> None:
    first, second = employer(branch, "13800000001"), employer(branch, "13800000001")
    campaign = create_campaign(manager)
    refresh(campaign, PHONE)
    member = db.session.scalars(select(AudienceMember).where(AudienceMember.employer_id == first.id)).one()
    with pytest.raises(DomainError):
        leave_out(member, "  ", manager)
    leave_out(member, "已当面告知", manager)
    with pytest.raises(DomainError):
        leave_out(member, "再来一次", manager)
    assert refresh(campaign, PHONE)
    # the other employer of the person is spoken to alone
    assert reasons(reckon(campaign, PHONE)) == {first.id: Exclusion.BY_HAND, second.id: None}
    member = db.session.scalars(select(AudienceMember).where(AudienceMember.employer_id == first.id)).one()
    take_in(member, manager)
    assert reasons(reckon(campaign, PHONE)) == {first.id: None, second.id: Exclusion.MERGED}
    campaign.state = CampaignState.SUBMITTED
    with pytest.raises(DomainError):
        leave_out(member, "太晚了", manager)
    campaign.state = CampaignState.DRAFT
    with pytest.raises(Forbidden):
        leave_out(member, "无权", create_user(Role.ENFORCEMENT_OFFICER, branch=branch))
