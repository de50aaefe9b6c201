"""The pages of drafting, as a manager, a branch head and strangers use them."""

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import User
from app.core.clock import local, now
from app.core.criteria import segments
from app.core.criteria.segments import Segment
from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import Role
from app.employers.handpicked.services import add, make
from app.employers.lists import employer_fields
from app.employers.models import Employer, Stage
from campaigns.drafting.models import AudienceMember, Campaign, CampaignState, Exclusion, MessageClass
from campaigns.drafting.services import seal
from campaigns.drafting.templates.policy import seal as read_seal
from campaigns.drafting.templates.services import add as add_template
from campaigns.drafting.templates.services import publish
from tests.factories import create_branch, create_contact, create_employer, create_user, sign_in

IN_ARREARS = {
    "match": "all",
    "rules": [
        {"field": "stage", "op": "in", "value": ["in_arrears"]},
        {"field": "heads", "op": "ge", "value": "10"},
    ],
}


@pytest.fixture
def manager(app: Flask) -> User:
    branch = create_branch(name="滨海管理部")
    for number in range(3):
        employer = create_employer(branch, stage=Stage.IN_ARREARS, heads=10 + number, arrears_months=2)
        create_contact(employer, mobile=f"1380000000{number}")
    create_employer(branch, name="没有联系人的单位", stage=Stage.IN_ARREARS, heads=50)
    create_contact(create_employer(branch, stage=Stage.IN_ARREARS, heads=9), mobile="13900000000")
    return create_user(Role.MANAGER, branch=branch, name="陈经理")


@pytest.fixture
def head(manager: User) -> User:
    return create_user(Role.BRANCH_HEAD, branch=manager.branch, name="周主任")


@pytest.fixture
def segment(manager: User) -> Segment:
    return segments.save("employers", "欠缴且十人以上", IN_ARREARS, employer_fields(), manager)


@pytest.fixture
def filled(segment: Segment) -> dict[str, str]:
    return {
        "name": "九月催缴",
        "segment_id": str(segment.id),
        "contact_order": "handler_first",
        "message_class": "service",
        "template_text": "{handler}您好，{employer}欠缴{months}个月。{link}",
        "deadline": "",
        "frequency_days": "7",
    }


@pytest.fixture
def drafted(client: FlaskClient, manager: User, filled: dict[str, str]) -> int:
    sign_in(client, manager)
    response = client.post("/campaigns/new", data=filled)
    assert response.status_code == 303
    return db.session.scalars(select(Campaign.id)).one()


@pytest.fixture
def submitted(client: FlaskClient, drafted: int) -> int:
    client.post(f"/campaigns/{drafted}/submit")
    return drafted


def state(campaign_id: int) -> CampaignState:
    return db.session.scalars(select(Campaign.state).where(Campaign.id == campaign_id)).one()


def seen_on(page: str) -> str:
    found = re.search(r'name="seen"[^>]*value="([0-9a-f]{64})"', page)
    assert found, "the page offers no approval"
    return found.group(1)


def test_the_page_shows_whom_it_reaches_who_is_left_out_and_what_it_says(
    client: FlaskClient, drafted: int
) -> None:
    page = html.unescape(client.get(f"/campaigns/{drafted}/draft").text)
    campaign = db.session.get_one(Campaign, drafted)
    assert (campaign.audience_size, campaign.recipients) == (4, 3)
    assert "【住房公积金管理部】" in page
    assert "138****0000" in page
    assert "13800000000" not in page
    assert "excluded.in=no_contact" in page
    shown = html.unescape(client.get(f"/campaigns/{drafted}/audience").text)
    members = db.session.scalars(select(AudienceMember).order_by(AudienceMember.id)).all()
    for number, member in enumerate(members):
        address = f"/campaigns/{drafted}/reading?member={member.id}"
        assert address in shown
        reading = html.unescape(client.get(address).text)
        assert member.employer.name in reading
        assert f"【住房公积金管理部】{member.variables.get('handler', '＿＿')}您好，" in reading
        assert [f"member={one.id}" in reading for one in members] == [
            abs(n - number) == 1 for n in range(len(members))
        ]
    assert client.get(f"/campaigns/{drafted}/reading?member={members[-1].id + 1}").status_code == 404


def test_the_author_submits_but_cannot_approve_and_reads_why(
    client: FlaskClient, submitted: int, manager: User
) -> None:
    page = client.get(f"/campaigns/{submitted}/draft").text
    assert 'name="seen"' not in page
    campaign = db.session.get_one(Campaign, submitted)
    for seen, status in ((seal(campaign), 400), ("0" * 64, 409)):
        refused = client.post(f"/campaigns/{submitted}/approve", data={"seen": seen})
        assert refused.status_code == status
        assert state(submitted) is CampaignState.SUBMITTED


def test_the_branch_head_approves_what_the_page_showed(
    client: FlaskClient, submitted: int, head: User
) -> None:
    sign_in(client, head)
    seen = seen_on(client.get(f"/campaigns/{submitted}/draft").text)
    client.post(f"/campaigns/{submitted}/approve", data={"seen": seen, "comment": "同意"})
    assert state(submitted) is CampaignState.APPROVED


@pytest.mark.databases("sqlite")
def test_a_window_without_an_hour_in_which_such_messages_go_out_is_refused(
    client: FlaskClient, manager: User, filled: dict[str, str]
) -> None:
    sign_in(client, manager)
    tomorrow = local(now()).date() + timedelta(days=1)
    night = {"send_from": f"{tomorrow}T21:00", "send_until": f"{tomorrow}T23:30"}
    refused = client.post("/campaigns/new", data=filled | night | {"message_class": "publicity"})
    assert refused.status_code == 422
    assert "该时段内没有可以发送此类短信的时间" in refused.text
    assert client.post("/campaigns/new", data=filled | night).status_code == 303, "a service notice may"


def test_whoever_launches_reads_when_the_messages_go_out(
    client: FlaskClient, submitted: int, head: User
) -> None:
    until = now() + timedelta(days=2)
    db.session.get_one(Campaign, submitted).send_until = until
    db.session.commit()
    sign_in(client, head)
    seen = seen_on(client.get(f"/campaigns/{submitted}/draft").text)
    client.post(f"/campaigns/{submitted}/approve", data={"seen": seen})
    page = client.get(f"/campaigns/{submitted}/draft").text
    assert f"均匀发送至 {local(until):%Y-%m-%d %H:%M}" in page
    assert "立即发出" not in page


def test_an_approval_after_the_audience_moved_shows_the_new_one_instead(
    client: FlaskClient, submitted: int, head: User
) -> None:
    sign_in(client, head)
    seen = seen_on(client.get(f"/campaigns/{submitted}/draft").text)
    newcomer = create_employer(head.branch, stage=Stage.IN_ARREARS, heads=20, arrears_months=1)
    create_contact(newcomer, mobile="13911111111")
    client.post(f"/campaigns/{submitted}/approve", data={"seen": seen})
    assert state(submitted) is CampaignState.SUBMITTED
    assert db.session.get_one(Campaign, submitted).recipients == 4
    seen = seen_on(client.get(f"/campaigns/{submitted}/draft").text)
    client.post(f"/campaigns/{submitted}/approve", data={"seen": seen})
    assert state(submitted) is CampaignState.APPROVED


def test_a_double_click_on_submit_submits_once(client: FlaskClient, submitted: int) -> None:
    again = client.post(f"/campaigns/{submitted}/submit")
    assert again.status_code in (303, 400)
    assert state(submitted) is CampaignState.SUBMITTED


def test_changing_an_approved_campaign_takes_it_back_to_draft(
    client: FlaskClient, submitted: int, head: User, manager: User, filled: dict[str, str]
) -> None:
    sign_in(client, head)
    seen = seen_on(client.get(f"/campaigns/{submitted}/draft").text)
    client.post(f"/campaigns/{submitted}/approve", data={"seen": seen})
    sign_in(client, manager)
    client.post(f"/campaigns/{submitted}/edit", data=filled | {"template_text": "{handler}您好"})
    assert state(submitted) is CampaignState.DRAFT
    assert db.session.get_one(Campaign, submitted).approved_hash is None


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("template_text", "{nobody}您好"),
        ("template_text", "【签名】您好"),
        ("template_text", "字" * 501),
        ("template_text", ""),
        ("frequency_days", "-1"),
        ("frequency_days", "many"),
        ("segment_id", "999999"),
        ("message_class", "spam"),
        ("deadline", "yesterday"),
        ("send_from", "2026-01-05T09:00"),
        ("send_from", "2126-01-05T09:00"),
        ("send_until", "2126-01-05T09:00"),
        ("name", ""),
    ],
)
def test_a_campaign_that_cannot_be_is_refused_and_nothing_is_kept(
    client: FlaskClient, manager: User, filled: dict[str, str], field: str, value: str
) -> None:
    sign_in(client, manager)
    response = client.post("/campaigns/new", data=filled | {field: value})
    assert response.status_code == 422
    assert db.session.scalars(select(Campaign)).all() == []


@pytest.mark.databases("sqlite")
def test_a_refused_change_leaves_the_campaign_as_it_was(
    client: FlaskClient, submitted: int, filled: dict[str, str]
) -> None:
    response = client.post(f"/campaigns/{submitted}/edit", data=filled | {"template_text": "{nobody}"})
    assert response.status_code == 422
    assert state(submitted) is CampaignState.SUBMITTED
    assert db.session.get_one(Campaign, submitted).template_text == filled["template_text"]


Call = Callable[[FlaskClient, int], int]

PAGES: dict[str, Call] = {
    "draft": lambda client, n: client.get(f"/campaigns/{n}/draft").status_code,
    "audience": lambda client, n: client.get(f"/campaigns/{n}/audience").status_code,
    "reading": lambda client, n: client.get(f"/campaigns/{n}/reading?member=1").status_code,
    "edit": lambda client, n: client.get(f"/campaigns/{n}/edit").status_code,
    **{
        step: lambda client, n, step=step: client.post(f"/campaigns/{n}/{step}").status_code  # type: ignore[misc]
        for step in ("edit", "reckon", "submit", "approve", "return", "discard")
    },
}


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("page", PAGES)
def test_a_campaign_of_another_branch_does_not_exist(client: FlaskClient, submitted: int, page: str) -> None:
    sign_in(client, create_user(Role.BRANCH_HEAD, Role.MANAGER))
    assert PAGES[page](client, submitted) == 404
    assert state(submitted) is CampaignState.SUBMITTED


@pytest.mark.databases("sqlite")
def test_an_auditor_has_no_business_with_campaigns(client: FlaskClient, submitted: int) -> None:
    sign_in(client, create_user(Role.AUDIT_ADMIN))
    assert client.get(f"/campaigns/{submitted}/draft").status_code == 403


@pytest.mark.databases("sqlite")
def test_a_specialist_may_write_but_neither_approve_nor_configure(
    client: FlaskClient, submitted: int, manager: User
) -> None:
    sign_in(client, create_user(Role.SPECIALIST, branch=manager.branch))
    assert client.get("/campaigns/new").status_code == 200
    assert client.post(f"/campaigns/{submitted}/approve").status_code == 403
    assert client.get("/campaigns/sender").status_code == 403


@pytest.mark.databases("sqlite")
def test_a_forged_form_is_refused(
    app: Flask, client: FlaskClient, submitted: int, head: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client, head)
    seen = seen_on(client.get(f"/campaigns/{submitted}/draft").text)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    assert client.post(f"/campaigns/{submitted}/approve", data={"seen": seen}).status_code == 400
    assert state(submitted) is CampaignState.SUBMITTED


@pytest.mark.databases("sqlite")
def test_while_writing_the_text_is_shown_counted_and_checked(client: FlaskClient, manager: User) -> None:
    sign_in(client, manager)
    fine = client.get("/campaigns/wording", query_string={"template_text": "{handler}您好"}).text
    assert "【住房公积金管理部】王小明您好" in fine
    wrong = client.get("/campaigns/wording", query_string={"template_text": "{nobody}"}).text
    assert "{nobody}" in wrong
    assert client.get("/campaigns/wording", query_string={"message_class": "?"}).status_code == 200


@pytest.mark.databases("sqlite")
def test_sending_back_without_a_reason_is_refused(client: FlaskClient, submitted: int, head: User) -> None:
    sign_in(client, head)
    client.post(f"/campaigns/{submitted}/return", data={"comment": " "})
    assert state(submitted) is CampaignState.SUBMITTED
    client.post(f"/campaigns/{submitted}/return", data={"comment": "请改称呼"})
    assert state(submitted) is CampaignState.DRAFT


def test_a_segment_that_an_open_campaign_follows_cannot_be_deleted(
    client: FlaskClient, drafted: int, segment: Segment, manager: User
) -> None:
    with pytest.raises(DomainError) as refused:
        segments.delete(db.session.get_one(Segment, segment.id), manager)
    assert "九月催缴" in str(refused.value)


@pytest.mark.databases("sqlite")
def test_the_branch_head_says_how_the_branch_signs(client: FlaskClient, head: User) -> None:
    sign_in(client, head)
    assert client.get("/campaigns/sender").status_code == 200
    good = {"signature": "滨海管理部", "phone": "022-66220000", "price": "0.045"}
    assert client.post("/campaigns/sender", data=good).status_code == 303
    assert "滨海管理部" in client.get("/campaigns/wording?template_text=a").text
    assert client.post("/campaigns/sender", data=good | {"signature": "x"}).status_code == 422
    assert client.post("/campaigns/sender", data=good | {"price": "0.04555"}).status_code == 422


def test_employers_are_left_out_and_taken_in_again_on_the_page_of_the_audience(
    client: FlaskClient, drafted: int
) -> None:
    first = db.session.scalars(select(AudienceMember).order_by(AudienceMember.id)).first()
    assert first is not None
    address, employer_id, ids = f"/campaigns/{drafted}/audience", first.employer_id, [first.id]
    many = {"rows": "chosen", "ids": ids, "confirmed": "1", "expected": "1", "reason": "已当面告知"}
    assert client.post(address, data={"do": "bulk:leave_out"} | many).status_code == 303
    client.post(f"/campaigns/{drafted}/reckon")
    out = select(AudienceMember).where(AudienceMember.excluded == Exclusion.BY_HAND)
    member = db.session.scalars(out).one()
    assert member.employer_id == employer_id
    assert client.post(address, data={"do": "bulk:take_in"} | many | {"ids": [member.id]}).status_code == 303
    client.post(f"/campaigns/{drafted}/reckon")
    assert db.session.scalars(out).first() is None


def test_the_approver_reads_the_name_of_a_segment_that_is_the_authors_own(
    client: FlaskClient, manager: User, head: User, filled: dict[str, str]
) -> None:
    sign_in(client, manager)
    own = make("专题会名单", manager)
    add(own, db.session.scalars(select(Employer).order_by(Employer.id).limit(1)).one(), manager)
    db.session.commit()
    client.post("/campaigns/new", data=filled | {"segment_id": str(own.id)})
    campaign = db.session.scalars(select(Campaign.id)).one()
    client.post(f"/campaigns/{campaign}/submit")
    sign_in(client, head)
    assert "专题会名单" in client.get(f"/campaigns/{campaign}/draft").text
    assert "/campaigns/list" in client.get("/campaigns").text


@pytest.mark.databases("sqlite")
def test_another_wording_keeps_what_was_typed(
    client: FlaskClient, manager: User, filled: dict[str, str]
) -> None:
    template = add_template(
        "业务提醒", MessageClass.SERVICE, "{handler}您好，请{employer}按期办理。", manager
    )
    wording = publish(template, read_seal(template.versions[0]), manager)
    db.session.commit()
    sign_in(client, manager)
    page = client.post(f"/campaigns/wording?choose={wording.id}", data=filled | {"frequency_days": "13"})
    assert page.status_code == 200
    for kept in ("九月催缴", 'value="13"', f'name="template" type="hidden" value="{wording.id}"'):
        assert kept in page.text
    # what the form says counts, whatever wording the address was opened with
    client.post("/campaigns/new?template=999", data=filled | {"template": str(wording.id)})
    assert db.session.scalars(select(Campaign.template_version_id)).one() == wording.id
    assert client.post("/campaigns/wording?choose=999", data=filled).status_code == 404
    own = db.session.scalars(select(Campaign.id)).one()
    assert client.post(f"/campaigns/wording?choose=0&campaign={own}", data=filled).status_code == 200
    sign_in(client, create_user(Role.MANAGER, branch=create_branch()))
    assert client.post(f"/campaigns/wording?choose=0&campaign={own}", data=filled).status_code == 404
