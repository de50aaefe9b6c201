"""Outlines in versions, the law they stand on, and letterheads."""

from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError
from app.core.periods import Period
from app.core.permissions import Role
from app.core.rules.legal import seed_legal_basis
from app.relief.models import ReliefDecision, ReliefKind, ReliefState
from campaigns.channels.letter import queries, services, text
from campaigns.channels.letter.issued.queries import BY_MONTH, known_values, values_of
from campaigns.channels.letter.models import LetterTemplate
from tests.factories import create_branch, create_employer, create_user, seed_outlines, sign_in

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture(autouse=True)
def seeded(app: Flask) -> None:
    seed_outlines()
    seed_legal_basis()
    db.session.commit()


def outline(code: str) -> LetterTemplate:
    return db.session.scalars(select(LetterTemplate).where(LetterTemplate.code == code)).one()


def test_every_shipped_outline_can_be_set_and_cites_law_that_is_in_the_table() -> None:
    branch = create_branch(name="滨海管理部")
    outlines = db.session.scalars(queries.listed()).all()
    assert len(outlines) == 16
    for one in outlines:
        current = queries.current_version(one)
        assert current is not None
        words = text.wording(current)
        assert text.strays(words) == []
        assert set(text.bases(words)) == set(text.law_of(words, today()))
        asked = {variable.name for variable in text.Asked.of(current)}
        assert asked <= set(text.placeholders(words))
    assert queries.sample(queries.offered()[0].versions[0], branch).startswith(b"%PDF-")
    assert "order" not in {one.code for one in queries.offered()}


def test_values_are_inert_and_nobody_receives_a_gap() -> None:
    assert text.fill("致{employer}", {"employer": "{months}甲"}, {}) == "致{months}甲"
    with pytest.raises(DomainError, match="months"):
        text.fill("{months}", {"months": ""}, {})
    arrears = outline("arrears").versions[0]
    confirmed_nowhere = text.unconfirmed(text.wording(arrears), today())
    assert confirmed_nowhere == [
        "《住房公积金管理条例》第二十条第一款",
        "《住房公积金管理条例》第二十条第二款",
    ]
    assert text.unconfirmed(text.wording(arrears), date(2026, 9, 1)) == []


def test_a_table_is_filled_a_row_for_each_month_owed_and_no_value_makes_a_cell() -> None:
    employer = create_employer(
        create_branch(),
        name="甲|乙公司",
        paid_through=Period(2026, 11),
        arrears_months=3,
        monthly_amount=1200,
    )
    values = known_values(employer, None, "", None)
    words = (
        "欠缴{owed_month}：\n| 单位 | 月份 | 金额 |\n|---|---|---|\n"
        "｜{employer}｜{owed_month}｜{owed_amount}｜\n| 合计 | | {amount} |\n特此函告。"
    )
    lead, owed, end = text.laid_out(words, values, {})
    assert (lead["text"], end["text"]) == ("欠缴2026年12月、2027年1月、2027年2月：", "特此函告。")
    assert owed["head"] == ["单位", "月份", "金额"] and owed["figures"] == [False, False, True]
    months = ("2026年12月", "2027年1月", "2027年2月")
    assert owed["rows"] == [
        *(["甲|乙公司", month, "1200.00元"] for month in months),
        ["合计", "", "3600.00元"],
    ]
    assert [one["style"] for one in text.paragraphs(words)] == ["p", "table", "p"]
    with pytest.raises(DomainError, match="owed_month"):
        text.laid_out(words, {**values, "owed_month": ""}, {})
    # after deferment, the number of months does not tell which they are
    assert values_of(employer).keys() >= BY_MONTH
    term = {"from_month": Period(2026, 1), "to_month": Period(2026, 3), "monthly_amount": 1000, "heads": 5}
    relief = ReliefDecision(employer=employer, kind=ReliefKind.DEFERMENT, state=ReliefState.RESUMED, **term)
    db.session.add(relief)
    db.session.flush()
    assert not values_of(employer).keys() & BY_MONTH


def test_only_headings_are_set_as_headings() -> None:
    words = "一、怎样办理\n一、请核对本人姓名。\n（一）网上办理；\n（二）上门帮办"
    assert [one["style"] for one in text.paragraphs(words)] == ["h1", "p", "p", "h2"]


def test_what_an_author_fills_in_is_of_its_kind() -> None:
    asked = text.Asked.of(outline("base_adjustment").versions[0])
    given = {
        "year": "2026",
        "period": "7月至次年6月",
        "ceiling": "32000",
        "floor": "2510.5",
        "training": "9月5日",
    }
    assert text.written(asked, given)["ceiling"] == "32000.00元"
    with pytest.raises(DomainError) as refused:
        text.written(asked, given | {"ceiling": "很多", "floor": ""})
    assert len(refused.value.reasons) == 2


def test_a_new_wording_follows_the_old_one_and_bad_ones_are_refused(client: FlaskClient) -> None:
    leader = create_user(Role.MANAGER)
    sign_in(client, leader)
    template = outline("greeting")
    page = f"/letters/outlines/{template.id}"
    good = {
        "title": "致缴存单位的慰问信",
        "text": "祝{employer}节日快乐。依据{law:register}。",
        "variables": "festival, 节日, text",
        "valid_from": (today() + timedelta(days=1)).isoformat(),
    }
    for bad in ({"text": "祝{Employer}"}, {"text": "依据{law:none}"}, {"valid_from": "2020-01-01"}):
        assert client.post(f"{page}/version", data=good | bad).status_code in (302, 303, 400, 409, 422)
    assert client.post(f"{page}/version", data=good | {"variables": "festival"}).status_code == 422
    for wrong in ("| 月份 |\n完。", "| 月份 | 金额 |\n| 一 |\n完。", "| 月份 |\n| 一 |"):
        refused = client.post(f"{page}/version", data=good | {"text": f"保留的文字\n{wrong}"})
        assert refused.status_code == 422 and "保留的文字" in refused.text and "表格" in refused.text
    assert len(outline("greeting").versions) == 1
    assert client.post(f"{page}/version", data=good).status_code == 303
    db.session.expire_all()
    later = outline("greeting")
    assert [one.number for one in later.versions] == [2, 1]
    current = queries.current_version(later)
    assert current is not None and current.number == 1
    assert "2" in client.get(page).text
    paper = client.get(f"{page}/sample.pdf")
    assert paper.mimetype == "application/pdf" and paper.data.startswith(b"%PDF-")
    assert client.get("/letters/outlines").status_code == 200


def test_specialists_read_outlines_and_only_a_head_sets_the_letterhead(client: FlaskClient) -> None:
    branch = create_branch(name="滨海管理部")
    sign_in(client, create_user(Role.SPECIALIST, branch=branch))
    template = outline("arrears")
    assert client.get(f"/letters/outlines/{template.id}").status_code == 200
    assert client.get(f"/letters/outlines/{template.id}/version").status_code == 403
    assert client.get("/letters/letterhead").status_code == 403
    sign_in(client, create_user(Role.BRANCH_HEAD, branch=branch))
    head = {
        "issuer": "滨海市住房公积金管理中心",
        "prefix": "津公积金港函",
        "address": "港区路1号",
        "postal_code": "300450",
    }
    assert client.post("/letters/letterhead", data=head | {"postal_code": "3004"}).status_code == 422
    assert client.post("/letters/letterhead", data=head).status_code == 303
    below = create_branch(parent=branch)
    assert queries.letterhead_of(below).prefix == "津公积金港函"
    with pytest.raises(DomainError):
        services.set_letterhead(branch, "甲", "津〔2026〕", "乙", "300450")
