"""Templates in versions, their variables, and words that gateways refuse."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import User
from app.core.criteria import segments
from app.core.criteria.trees import EVERYTHING
from app.core.db import db
from app.core.errors import Conflict, DomainError, NotFound
from app.core.permissions import Role
from app.employers.lists import employer_fields
from campaigns.channels.sms import text as sms
from campaigns.channels.sms.models import SmsTemplate
from campaigns.drafting import services as drafting
from campaigns.drafting.content.queries import preview
from campaigns.drafting.models import AudienceMember, Campaign, Exclusion, MessageClass
from campaigns.drafting.templates import queries, services
from campaigns.drafting.templates.policy import faults, seal
from campaigns.gateways import words
from tests.campaigns.drafting.test_approval import WISH
from tests.factories import (
    create_branch,
    create_contact,
    create_employer,
    create_user,
    seed_templates,
    sign_in,
)

TEXT = "{handler}您好，{employer}请于{day}前到{place}办理。"
SAID = {
    "handler": {"default": "负责人"},
    "day": {"label": "日期", "kind": "date"},
    "place": {"label": "地点", "kind": "text", "default": "服务大厅"},
}


@pytest.fixture
def manager(app: Flask) -> User:
    branch = create_branch(name="滨海管理部")
    for number, name in enumerate(("张三", "")):
        create_contact(create_employer(branch), name=name, mobile=f"1380000000{number}")
    return create_user(Role.MANAGER, branch=branch)


def publish(template: SmsTemplate, actor: User) -> None:
    """As it stands."""
    services.publish(template, seal(template.versions[0]), actor)


@pytest.fixture
def template(manager: User) -> SmsTemplate:
    made = services.add("办理提醒", MessageClass.SERVICE, TEXT, manager)
    services.write(made, TEXT, SAID, manager)
    publish(made, manager)
    db.session.commit()
    return made


def wish(template: SmsTemplate, **values: str) -> drafting.Wish:
    version = queries.published(template)
    assert version is not None
    return replace(WISH, template_text="", template_version_id=version.id, values=values)


def test_what_the_product_ships_can_be_published_and_greetings_fit_one_segment(manager: User) -> None:
    seed_templates()
    shipped = queries.offered()
    assert len(shipped) == 17
    for version in shipped:
        assert faults(version) == [], version.template.code
        if version.template.message_class == MessageClass.GREETING:
            assert (
                sms.segments(sms.complete("滨海管理部", sms.render(version.text, {"handler": "张三"}), True))
                == 1
            )


@pytest.mark.databases("sqlite")
def test_a_draft_says_everything_that_is_wrong_with_it_at_once(manager: User) -> None:
    words.forbid("加微信", "", "")
    made = services.add("不行", MessageClass.GREETING, "{months}个月，{when}{day}加 微-信}", manager)
    services.write(
        made, made.versions[0].text, {"day": {"label": "日期", "kind": "date", "default": "明天"}}, manager
    )
    with pytest.raises(DomainError) as refused:
        publish(made, manager)
    said = " ".join(str(reason) for reason in refused.value.reasons)
    assert all(part in said for part in ("{employer}", "months", "when", "明天", "加微信"))
    assert queries.published(made) is None
    with pytest.raises(Conflict):
        services.add(" 不行 ", MessageClass.SERVICE, "好", manager)


def test_a_published_wording_is_frozen_and_campaigns_keep_theirs(
    template: SmsTemplate, manager: User
) -> None:
    campaign = drafting.draft(wish(template, day="2027-01-08"), manager, manager.branch)
    services.write(template, "新的写法", {}, manager)
    assert queries.published(template).text == TEXT  # type: ignore[union-attr]
    publish(template, manager)
    assert [v.text for v in template.versions] == ["新的写法", TEXT]
    drafting.reckon_again(campaign)
    assert (campaign.template_text, campaign.template_version_id) == (TEXT, template.versions[1].id)
    with pytest.raises(DomainError):
        publish(template, manager)
    with pytest.raises(DomainError):
        services.drop(template)


def test_values_come_from_the_employer_the_author_and_the_defaults(
    template: SmsTemplate, manager: User
) -> None:
    campaign = drafting.draft(wish(template, day="2027-01-08", place="一号厅"), manager, manager.branch)
    members = db.session.scalars(select(AudienceMember).order_by(AudienceMember.id)).all()
    assert [m.variables["handler"] for m in members] == ["张三", "负责人"]
    assert {m.variables["place"] for m in members} == {"一号厅"}
    assert "2027年1月8日前到一号厅办理" in preview(campaign).first[0].text
    assert preview(campaign).cost == campaign.price * preview(campaign).segments


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("values", [{}, {"day": "不是日期"}, {"day": "2027-01-08", "place": "中奖大厅"}])
def test_a_missing_wrong_or_forbidden_value_is_refused(
    template: SmsTemplate, manager: User, values: dict[str, str]
) -> None:
    words.forbid("中奖", "", "")
    with pytest.raises(DomainError) as refused:
        drafting.draft(wish(template, **values), manager, manager.branch)
    named = {"": "日期", "不是日期": "不是日期", "2027-01-08": "中奖"}[values.get("day", "")]
    assert named in " ".join(str(reason) for reason in refused.value.reasons)


@pytest.mark.databases("sqlite")
def test_a_draft_is_sent_to_nobody(template: SmsTemplate, manager: User) -> None:
    draft = services.write(template, "还没定", {}, manager)
    with pytest.raises(NotFound):
        drafting.draft(replace(WISH, template_version_id=draft.id), manager, manager.branch)
    services.retire(template)
    assert queries.offered() == []


def test_a_recipient_whose_name_brings_a_refused_word_is_left_out(
    template: SmsTemplate, manager: User
) -> None:
    """Also where the word begins in the name and ends in the text around it."""
    named = [create_employer(manager.branch, name=name) for name in ("套现咨询公司", "滨海机械厂")]
    for number, one in enumerate(named):
        create_contact(one, mobile=f"1390000000{number}")
    for word in ("套现", "厂请"):
        words.forbid(word, "", "")
    drafting.draft(wish(template, day="2027-01-08"), manager, manager.branch)
    members = db.session.scalars(select(AudienceMember).order_by(AudienceMember.employer_id)).all()
    refused = [one.employer_id for one in members if one.excluded is Exclusion.FORBIDDEN_WORD]
    assert refused == [one.id for one in named]
    for word_id in [listed.id for listed in words.listed()]:
        words.allow(word_id)
    assert words.refused() == ()


def test_a_wording_may_be_meant_for_each_employer_of_a_handler_alone(
    template: SmsTemplate, manager: User
) -> None:
    for _n in range(2):
        create_contact(create_employer(manager.branch), mobile="13900000001")

    def heard() -> list[Exclusion | None]:
        drafted = drafting.draft(wish(template, day="2027-01-08"), manager, manager.branch)
        theirs = AudienceMember.campaign_id == drafted.id, AudienceMember.phone == "13900000001"
        return list(db.session.scalars(select(AudienceMember.excluded).where(*theirs)))

    assert sorted(heard(), key=str) == [None, Exclusion.MERGED]
    read = seal(services.write(template, TEXT, SAID, manager))
    draft = services.write(template, TEXT, SAID, manager, joins=False)
    with pytest.raises(Conflict):
        services.publish(template, read, manager)
    services.publish(template, seal(draft), manager)
    assert heard() == [None, None]


def test_a_manager_writes_publishes_and_uses_a_template(client: FlaskClient, manager: User) -> None:
    segment = segments.save("employers", "全部", EVERYTHING, employer_fields(), manager)
    sign_in(client, manager)
    made = {"name": "办理提醒", "message_class": "service", "text": TEXT}
    to_draft = client.post("/campaigns/templates/new", data=made)
    assert to_draft.status_code == 303
    assert client.post("/campaigns/templates/new", data=made).status_code == 422
    fields = {f"{part}:{name}": value for name, said in SAID.items() for part, value in said.items()}
    assert "label:day" in client.get(to_draft.location).text
    page = client.post(to_draft.location, data={"text": TEXT} | fields)
    assert page.status_code == 303
    home = page.location
    assert client.post(f"{home}/publish").status_code == 409
    read = re.search(r'name="seen" value="(\w+)"', client.get(home).text)
    assert read
    services.write(db.session.scalars(select(SmsTemplate)).one(), TEXT + "。", SAID, manager)
    db.session.commit()
    assert client.post(f"{home}/publish", data={"seen": read[1]}).status_code == 409
    client.post(to_draft.location, data={"text": TEXT} | fields)
    assert client.post(f"{home}/publish", data={"seen": read[1]}).status_code == 303
    template = db.session.scalars(select(SmsTemplate)).one()
    version = template.versions[0].id
    assert "办理提醒" in client.get("/campaigns/templates").text
    assert "负责人" in client.get(home).text
    form = client.get(f"/campaigns/new?template={version}&segment={segment.id}").text
    assert 'name="value:day"' in form and "{place}" in form
    assert client.get("/campaigns/new?template=99999").status_code == 404
    sample = client.get(f"/campaigns/wording?template={version}&value:day=2027-01-08&value:place=二号厅").text
    assert "2027年1月8日前到二号厅" in sample
    filled = {
        "name": "提醒", "segment_id": str(segment.id), "contact_order": "handler_first",
        "message_class": "service", "frequency_days": "0", "template": str(version),
        "template_text": "改掉", "value:place": "",
    }  # fmt: skip
    assert client.post("/campaigns/new", data=filled).status_code == 422
    done = client.post("/campaigns/new", data=filled | {"value:day": "2027-01-08"})
    campaign = db.session.scalars(select(Campaign)).one()
    assert (done.status_code, campaign.template_text) == (303, TEXT)
    assert "2027年1月8日前到服务大厅" in client.get(done.location).text
    assert 'value="2027-01-08"' in client.get(f"/campaigns/{campaign.id}/edit").text
    sign_in(client, create_user(Role.SPECIALIST, branch=manager.branch))
    assert client.get(home).status_code == 200
    assert client.post(f"{home}/retire").status_code == 403
    assert client.post("/settings/gateway-words/forbid", data={"word": "中奖"}).status_code == 403
    sign_in(client, create_user(Role.BRANCH_HEAD, branch=manager.branch))
    assert (
        client.post("/settings/gateway-words/forbid", data={"word": "中奖", "gateway": ""}).status_code == 303
    )
    assert "中奖" in client.get("/settings/gateway-words").text


@pytest.mark.databases("postgresql")
def test_whoever_read_a_draft_that_was_published_since_changes_nothing_of_it(
    app: Flask, template: SmsTemplate, manager: User
) -> None:
    services.write(template, "第二版", {}, manager)
    db.session.commit()
    seen, template_id, manager_id = queries.find(template.id), template.id, manager.id
    assert [one.published_at is None for one in seen.versions] == [True, False]  # read by this transaction

    def other() -> None:
        with app.app_context():
            publish(queries.find(template_id), db.session.get_one(User, manager_id))
            db.session.commit()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(other).result()
    with pytest.raises(DomainError):
        publish(seen, manager)
    services.write(seen, "第三版", {}, manager)
    db.session.commit()
    wordings = [(one.number, one.text, one.published_at is None) for one in seen.versions]
    assert wordings == [(3, "第三版", True), (2, "第二版", False), (1, TEXT, False)]
