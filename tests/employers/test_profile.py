"""The picture of an employer: notes, flags, the quality of its data, and the sheet that is printed."""

from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select, update

from app.accounts.models import User
from app.audit.models import AuditEvent
from app.contributions.models import ContributionFact
from app.core import timeline
from app.core.clock import today
from app.core.db import db
from app.core.periods import Period
from app.core.permissions import Role
from app.core.timeline import TimelineEntry
from app.employers.lists import count_employers
from app.employers.models import AccountStatus, Employer, Stage
from app.employers.profile.jobs import refresh_quality
from app.employers.profile.models import RiskFlag, ServiceNote
from app.employers.profile.queries import WANTED, quality_of
from tests.factories import create_branch, create_contact, create_employer, create_user, seed_codes, sign_in


@pytest.fixture
def li(client: FlaskClient) -> User:
    seed_codes()
    found = create_user(Role.SPECIALIST, branch=create_branch(name="滨河管理部"), name="李工")
    sign_in(client, found)
    return found


@pytest.fixture
def employer(li: User) -> Employer:
    return create_employer(
        li.branch,
        name="滨海恒达科技有限公司",
        uscc="91120116MA05XQ7H2K",
        employer_account_no="990000000001",
        account_status=AccountStatus.NORMAL,
        stage=Stage.CONTRIBUTING,
        heads=12,
        insured_heads=15,
        insured_source="02",
        insured_as_of=today() - timedelta(days=30),
        industry="65",
        economic_type="173",
        owner_id=li.id,
    )


def story(employer: Employer) -> list[tuple[str, str, object]]:
    query = select(TimelineEntry).where(TimelineEntry.employer_id == employer.id).order_by(TimelineEntry.id)
    return [(one.kind, one.summary, one.params.get("text")) for one in db.session.scalars(query)]


def test_a_note_is_signed_dated_and_on_the_timeline_and_its_author_may_take_it_back(
    client: FlaskClient, li: User, employer: Employer
) -> None:
    url = f"/profile/{employer.id}"
    form = {"note-body": "上午打电话\n周五不在", "note-noted_on": str(today()), "note-pinned": "y"}
    assert client.post(f"{url}/notes", data=form).status_code == 303
    note = db.session.scalars(select(ServiceNote)).one()
    assert (note.by_id, note.noted_on, note.pinned) == (li.id, today(), True)
    for page in (client.get(url).text, client.get(f"/employers/{employer.id}").text):
        assert "上午打电话" in page
        assert "李工" in page
    assert story(employer) == [("note", "Service note: %(text)s", "上午打电话 周五不在")]
    assert "服务备注：上午打电话 周五不在" in client.get(f"/employers/{employer.id}/timeline").text

    assert client.post(f"/profile/notes/{note.id}", data={"body": "下午打电话"}).status_code == 303
    assert client.post(f"/profile/notes/{note.id}/pin").status_code == 303
    db.session.expire_all()
    assert (note.body, note.pinned, story(employer)[0][2]) == ("下午打电话", False, "下午打电话")

    sign_in(client, create_user(Role.MANAGER, branch=li.branch))
    assert client.post(f"/profile/notes/{note.id}", data={"body": "改别人的"}).status_code == 403
    assert client.post(f"/profile/notes/{note.id}/withdraw").status_code == 403
    sign_in(client, li)
    assert client.post(f"/profile/notes/{note.id}/withdraw").status_code == 303
    db.session.expire_all()
    assert db.session.scalars(select(ServiceNote)).all() == []
    assert story(employer) == [("note", "Service note withdrawn", None)]


def test_a_note_of_tomorrow_an_empty_one_and_a_fourth_pin_are_refused(
    client: FlaskClient, li: User, employer: Employer
) -> None:
    url, tomorrow = f"/profile/{employer.id}/notes", str(today() + timedelta(days=1))
    assert client.post(url, data={"note-body": "明天的事", "note-noted_on": tomorrow}).status_code == 422
    assert client.post(url, data={"note-body": " ", "note-noted_on": str(today())}).status_code == 422
    for number in range(3):
        form = {"note-body": f"第{number}条", "note-noted_on": str(today()), "note-pinned": "y"}
        assert client.post(url, data=form).status_code == 303
    form = {"note-body": "第四条置顶", "note-noted_on": str(today()), "note-pinned": "y"}
    assert "最多置顶3条" in client.post(url, data=form, follow_redirects=True).text
    assert len(db.session.scalars(select(ServiceNote)).all()) == 3


def test_partners_outside_the_office_see_neither_notes_nor_flags(
    client: FlaskClient, li: User, employer: Employer
) -> None:
    client.post(
        f"/profile/{employer.id}/notes", data={"note-body": "内部情况", "note-noted_on": str(today())}
    )
    sign_in(client, create_user(Role.BANK_PARTNER, branch=li.branch))
    assert client.get(f"/profile/{employer.id}").status_code == 403
    assert client.get(f"/sheets/{employer.id}").status_code == 403
    for page in (f"/employers/{employer.id}", f"/employers/{employer.id}/timeline"):
        assert "内部情况" not in client.get(page).text
    refused = client.get("/employers?risk.in=04")
    assert "不可按此条件查询" in refused.text
    assert "滨海恒达科技有限公司" not in refused.text
    assert "风险标记" not in client.get("/employers").text


def test_a_flag_stands_until_it_is_lowered_with_a_reason_and_lists_find_who_bears_it(
    client: FlaskClient, li: User, employer: Employer
) -> None:
    create_employer(li.branch)
    url = f"/profile/{employer.id}/flags"
    since = str(today() - timedelta(days=10))
    form = {"flag-code": "04", "flag-since": since, "flag-note": "有职工反映欠薪"}
    assert client.post(url, data=form).status_code == 303
    flag = db.session.scalars(select(RiskFlag)).one()
    assert "已标记" in client.post(url, data=form, follow_redirects=True).text, "one of a kind at a time"
    assert client.post(url, data={**form, "flag-code": "66"}).status_code == 422
    tree = {"match": "all", "rules": [{"field": "risk", "op": "in", "value": ["04"]}]}
    assert count_employers(tree, li) == 1
    assert "劳动争议、欠薪" in client.get(f"/employers/{employer.id}").text

    lower = f"/profile/flags/{flag.id}"
    early = str(today() - timedelta(days=11))
    page = client.post(lower, data={"until": early, "ending": "已补发"}, follow_redirects=True).text
    assert "截止日期须在起始日期与今天之间" in page
    assert client.post(lower, data={"until": str(today()), "ending": ""}).status_code == 422
    yesterday = str(today() - timedelta(days=1))
    assert client.post(lower, data={"until": yesterday, "ending": "已补发"}).status_code == 303
    assert count_employers(tree, li) == 0
    assert "已补发" in client.get(f"/profile/{employer.id}").text
    above_the_story = client.get(f"/employers/{employer.id}").text.split('id="timeline"')[0]
    assert "劳动争议、欠薪" not in above_the_story
    told = client.get(f"/employers/{employer.id}/timeline").text
    assert "添加风险标记：劳动争议、欠薪 · 有职工反映欠薪" in told
    assert "解除风险标记：劳动争议、欠薪 · 已补发" in told


def test_the_quality_score_counts_by_weight_and_names_what_is_missing_with_the_place_to_fill_it_in(
    client: FlaskClient, li: User, employer: Employer
) -> None:
    before = quality_of(employer.id)
    names = [one.name for one in before.missing]
    assert names[:2] == ["handler", "mobile"], "the weightiest first"
    assert not {"uscc", "industry", "insured_heads", "owner"} & set(names)
    page = client.get(f"/profile/{employer.id}").text
    assert f'href="/contacts/at/{employer.id}/new#handler"' in page
    assert f'href="/employers/{employer.id}/edit#unit_type"' in page

    create_contact(employer, mobile="13900001111", verified_on=today())
    employer.insured_as_of = today() - timedelta(days=400)
    db.session.flush()
    after = quality_of(employer.id)
    gained = {one.name: one.weight for one in WANTED}
    known = {one.name for one in WANTED} - {one.name for one in after.missing}
    assert {"handler", "mobile", "verified"} <= known
    assert "insured_heads" in {one.name for one in after.missing}, "a fact of last year is not known any more"
    assert after.score == 100 * sum(gained[name] for name in known) // sum(gained.values())


def test_what_only_employers_with_an_account_need_is_not_asked_of_a_prospect(li: User) -> None:
    prospect = create_employer(li.branch, name="潜在单位")
    missing = {one.name for one in quality_of(prospect.id).missing}
    assert "uscc" in missing
    assert not {"pay_day", "bank_code"} & missing
    assert quality_of(prospect.id).score == 0


def test_the_lists_field_says_the_same_as_the_profile(li: User, employer: Employer) -> None:
    score = quality_of(employer.id).score
    for op, value, found in (("eq", score, 1), ("gt", score, 0), ("ge", score, 1)):
        tree = {"match": "all", "rules": [{"field": "data_quality", "op": op, "value": str(value)}]}
        assert count_employers(tree, li) == found, op


def test_the_kept_score_follows_edits_of_the_employer_and_its_people_and_is_no_edit_itself(
    li: User, employer: Employer
) -> None:
    def kept() -> int | None:
        return db.session.scalar(select(Employer.data_quality).where(Employer.id == employer.id))

    contact = create_contact(employer, mobile="13900001111")
    assert kept() == quality_of(employer.id).score
    contact.invalid_since = today()
    db.session.flush()
    assert kept() == quality_of(employer.id).score
    employer.uscc = None
    db.session.commit()
    version = employer.updated_at
    assert kept() == quality_of(employer.id).score
    db.session.execute(update(Employer).values(data_quality=None, updated_at=Employer.updated_at))
    db.session.commit()
    refresh_quality()
    assert kept() == quality_of(employer.id).score
    db.session.expire_all()
    assert employer.updated_at == version


def test_employers_are_sorted_by_the_quality_of_their_data(client: FlaskClient, li: User) -> None:
    create_employer(li.branch, name="最全", uscc="91000000000020016R", address="滨河街道一号一层一零一室")
    create_employer(li.branch, name="最缺")
    db.session.commit()
    page = client.get("/employers?sort=-data_quality").text
    assert page.index("最全") < page.index("最缺")
    page = client.get("/employers?sort=data_quality").text
    assert page.index("最缺") < page.index("最全")


def test_the_profile_draws_heads_arrears_and_contacts_and_lists_open_matters(
    client: FlaskClient, li: User, employer: Employer
) -> None:
    month = Period.of(today())
    for back, heads, behind in ((2, 9, 0), (1, 10, 2), (0, 12, 0)):
        db.session.add(
            ContributionFact(
                employer_id=employer.id, period=month + -back, account_status=AccountStatus.NORMAL,
                heads=heads, sealed_heads=1, arrears_months=behind, paid_through=month + -back, as_of=today(),
            )
        )  # fmt: skip
    timeline.record(employer.id, "visit", "Visit", actor=li)
    timeline.record(employer.id, "stage", "Moved", actor=li)
    page = client.get(f"/profile/{employer.id}").text
    assert "各期报表时的欠缴月数" in page
    assert "滨海恒达科技有限公司缴存人数" in page
    assert "各月联系次数" in page
    drawn = page.split('id="activity"')[1].split("</section>")[0]
    assert drawn.count("走访或电话: 1") + drawn.count("走访、电话: 1") + drawn.count(": 1<") >= 1
    assert 'id="tasks"' in page


def test_the_sheet_is_one_table_with_masked_numbers_and_the_workbook_says_the_same(
    client: FlaskClient, li: User, employer: Employer
) -> None:
    create_contact(employer, name="王芳", mobile="13912345678")
    page = client.get(f"/sheets/{employer.id}").text
    code, industry, insured = "91120116MA05XQ7H2K", "软件和信息技术服务业（65）", "15（社会保险部门，"
    assert [said for said in ("单位信息表", code, industry, insured, "制表人") if said not in page] == []
    assert "139****5678" in page
    assert "13912345678" not in page
    answer = client.get(f"/sheets/{employer.id}/workbook")
    rows = list(load_workbook(BytesIO(answer.data)).worksheets[0].iter_rows(values_only=True))
    assert rows[0] == ("类别", "项目", "内容")
    said = {row[1]: row[2] for row in rows[1:]}
    assert said["统一社会信用代码"] == "91120116MA05XQ7H2K"
    assert all(str(row[2]) in page for row in rows[1:])
    event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()
    assert (event.action, event.subject_id) == ("Unit information sheet exported", str(employer.id))


def test_a_stranger_of_another_branch_gets_neither_profile_nor_sheet(
    client: FlaskClient, app: Flask, employer: Employer
) -> None:
    sign_in(client, create_user(Role.MANAGER))
    for url in (f"/profile/{employer.id}", f"/sheets/{employer.id}", f"/sheets/{employer.id}/workbook"):
        assert client.get(url).status_code == 404
