"""A declared list: what it shows, finds, sorts, saves, exports and does to many rows; and what it refuses."""

import hashlib
import io
import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from flask_login import login_user
from flask_wtf import FlaskForm
from openpyxl import load_workbook
from sqlalchemy import event, select
from werkzeug.test import TestResponse
from wtforms import StringField
from wtforms.validators import InputRequired

from app.accounts.models import User
from app.audit.models import AuditEvent
from app.core import signals
from app.core.criteria import segments
from app.core.criteria.trees import rule
from app.core.db import Intent, db, intending
from app.core.errors import Conflict, DomainError, Forbidden
from app.core.listing.page import BulkAction
from app.core.listing.runs import ListRun, ListRunRow, RowState
from app.core.periods import Period
from app.core.permissions import Actor, Role, Scope
from app.core.personal.reasons import REASONS
from app.core.preferences import MOST_PINS, chosen_columns
from app.core.sheets.headings import Heading
from app.core.sheets.reading import open_table
from app.employers.lists import EMPLOYERS, employer_fields
from app.employers.models import Contact, ContactRole, Employer, EmployerContact, Stage
from app.employers.policy import Permission as EmployerPermission
from tests.factories import create_branch, create_employer, create_user, sign_in

LIST = "/employers"


@pytest.fixture
def manager(app: Flask) -> User:
    return create_user(Role.MANAGER)


@pytest.fixture
def reader(manager: User, client: FlaskClient) -> FlaskClient:
    sign_in(client, manager)
    client.set_cookie("language", "en")
    return client


def names(response: TestResponse) -> list[str]:
    assert response.status_code == 200, response.text
    found = re.findall(r'<th scope="row" class="list-name">(.*?)</th>', response.text, re.S)
    return [unescape(re.sub("<.*?>", "", name)).strip() for name in found]


def address(response: TestResponse, text: str) -> str:
    """Where the link leads that holds this text."""
    for href, inner in re.findall(r'<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>', response.text, re.S):
        if text in unescape(re.sub("<.*?>", "", inner)):
            return unescape(href)
    raise AssertionError(f"no link {text!r}")


def employers(manager: User, **many: dict[str, Any]) -> dict[str, Employer]:
    return {name: create_employer(manager.branch, name=name, **fields) for name, fields in many.items()}


def test_the_list_shows_only_employers_in_reach(reader: FlaskClient, manager: User) -> None:
    employers(manager, 甲公司={"heads": 3})
    create_employer(name="别处公司")
    assert names(reader.get(LIST)) == ["甲公司"]


def test_a_link_can_carry_conditions(reader: FlaskClient, manager: User) -> None:
    employers(
        manager,
        大欠缴={"stage": Stage.IN_ARREARS, "heads": 12},
        小欠缴={"stage": Stage.IN_ARREARS, "heads": 2},
        正常={"stage": Stage.CONTRIBUTING, "heads": 50},
    )
    page = reader.get(f"{LIST}?stage.in=in_arrears&heads.ge=10")
    assert names(page) == ["大欠缴"]
    assert "Stage is In arrears" in page.text
    wider = reader.get(address(page, "Contributing employees is at least 10"))
    assert names(wider) == ["大欠缴", "小欠缴"]
    either = reader.get(address(page, "Any one is enough"))
    assert names(either) == ["正常", "大欠缴", "小欠缴"]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "query",
    [
        "heads.ge=ten",
        "secret.eq=1",
        "heads.about=3",
        "match=none",
        "criteria=[1",
        "stage.in=rich",
        "area.contains=%00",
    ],
)
def test_conditions_that_make_no_sense_are_refused(reader: FlaskClient, query: str) -> None:
    assert reader.get(f"{LIST}?{query}").status_code == 400


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "query", ["sort=nothing", "sort=-", "after=zzz", "before=1.2", "panel=x", "q=%20", "q=%25_"]
)
def test_arguments_of_no_meaning_do_no_harm(reader: FlaskClient, manager: User, query: str) -> None:
    employers(manager, 甲公司={})
    assert reader.get(f"{LIST}?{query}").status_code == 200


@pytest.mark.databases("sqlite")
def test_a_condition_is_added_step_by_step(reader: FlaskClient, manager: User) -> None:
    employers(manager, 甲={"heads": 3}, 乙={"heads": 30})
    asked = reader.get(f"{LIST}?add=heads&op=between")
    assert asked.text.count('type="number"') == 2
    wrong = reader.get(f"{LIST}?add=heads&op=between&value=9&value=x&apply=1")
    assert "is not a whole number" in wrong.text
    done = reader.get(f"{LIST}?add=heads&op=between&value=10&value=40&apply=1")
    assert done.status_code == 303
    assert done.location.endswith("?heads.between=10,40")
    assert names(reader.get(done.location)) == ["乙"]


def test_a_condition_can_be_an_alternative(reader: FlaskClient, manager: User) -> None:
    employers(
        manager, 甲={"heads": 3, "area": "东"}, 乙={"heads": 30, "area": "东"}, 丙={"heads": 5, "area": "西"}
    )
    start = f"{LIST}?area.eq=东&heads.ge=10"
    done = reader.get(f"{start}&add=heads&op=le&value=3&into=1&apply=1")
    page = reader.get(done.location)
    assert names(page) == ["乙", "甲"]
    assert "(Contributing employees is at least 10, or Contributing employees is at most 3)" in page.text


def test_choices_are_offered_by_name_and_within_reach(reader: FlaskClient, manager: User) -> None:
    create_user(branch=manager.branch, name="同事")
    create_user(name="外人")
    page = reader.get(f"{LIST}?add=owner&op=in").text
    assert "同事" in page
    assert "外人" not in page


@pytest.mark.databases("sqlite")
def test_quick_filters_go_on_and_off(reader: FlaskClient, manager: User) -> None:
    employers(manager, 我的={"owner_id": manager.id}, 他的={})
    on = reader.get(address(reader.get(LIST), "Mine"))
    assert names(on) == ["我的"]
    assert len(names(reader.get(address(on, "Mine")))) == 2


def test_words_search_the_list_within_its_conditions(reader: FlaskClient, manager: User) -> None:
    employers(manager, 海河食品有限公司={"heads": 3}, 海河船舶有限公司={"heads": 30})
    assert names(reader.get(f"{LIST}?q=海河")) == ["海河船舶有限公司", "海河食品有限公司"]
    assert names(reader.get(f"{LIST}?q=海河&heads.le=10")) == ["海河食品有限公司"]
    nothing = reader.get(f"{LIST}?q=不存在的名字")
    assert "Nothing matches these conditions" in nothing.text
    assert len(names(reader.get(address(nothing, "Show everything")))) == 2


def test_headings_sort_and_sort_back(reader: FlaskClient, manager: User) -> None:
    employers(manager, 少={"heads": 1}, 多={"heads": 9}, 无={"heads": None})
    assert names(reader.get(LIST)) == ["多", "少", "无"]
    rising = reader.get(address(reader.get(LIST), "Contributing employees"))
    assert names(rising) == ["少", "多", "无"]


def test_pages_follow_one_another_and_lead_back(reader: FlaskClient, manager: User) -> None:
    for number in range(EMPLOYERS.size * 2 + 3):
        create_employer(manager.branch, heads=number // 7 if number % 5 else None)
    first = reader.get(LIST)
    second = reader.get(address(first, "Next page"))
    third = reader.get(address(second, "Next page"))
    assert "103 records" in first.text
    seen = names(first) + names(second) + names(third)
    assert len(set(seen)) == 103
    assert names(reader.get(address(third, "Previous page"))) == names(second)
    with pytest.raises(AssertionError):
        address(third, "Next page")


def test_the_page_needs_few_queries(reader: FlaskClient, manager: User) -> None:
    mates = [create_user(branch=manager.branch) for _ in range(5)]
    for number in range(EMPLOYERS.size + 5):
        create_employer(manager.branch, owner_id=mates[number % 5].id)
    reader.get(LIST)
    statements: list[str] = []

    def note(*args: Any) -> None:
        if args[2].lstrip().startswith("SELECT"):
            statements.append(args[2])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        reader.get(f"{LIST}?eligible.yes=")
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert len(statements) <= 7, "\n".join(statements)


def test_a_view_is_saved_shown_as_a_tab_changed_and_deleted(reader: FlaskClient, manager: User) -> None:
    employers(manager, 大={"heads": 12}, 小={"heads": 2})
    saved = reader.post(
        f"{LIST}?heads.ge=10&sort=name",
        data={"do": "save_view", "name": "大单位", "sharing": "branch", "pinned": "1"},
    )
    assert saved.status_code == 303
    view = segments.find("大单位", manager)
    assert view.tree["rules"] == [rule("heads", "ge", "10")]
    assert (view.sort, view.pinned, view.sharing) == ("name", True, segments.Sharing.BRANCH)

    tab = reader.get(address(reader.get(LIST), "大单位"))
    assert names(tab) == ["大"]
    edited = reader.get(address(tab, "Contributing employees is at least 10"))
    assert names(edited) == ["大", "小"]

    assert reader.post(f"{LIST}?view={view.id}", data={"do": "delete_view"}).status_code == 303
    assert reader.get(f"{LIST}?view={view.id}").status_code == 404


@pytest.mark.databases("sqlite")
def test_a_view_whose_condition_is_gone_shows_the_rest_and_says_so(
    reader: FlaskClient, manager: User
) -> None:
    employers(manager, 大={"heads": 12}, 小={"heads": 2})
    reader.post(f"{LIST}?heads.ge=10", data={"do": "save_view", "name": "大单位"})
    view = segments.find("大单位", manager)
    either = {"match": "any", "rules": [rule("vanished", "eq", "1"), rule("heads", "unheard", "1")]}
    view.tree = {"match": "all", "rules": [*view.tree["rules"], either]}
    db.session.commit()
    page = reader.get(f"{LIST}?view={view.id}")
    assert names(page) == ["大"]
    assert "unknown condition “vanished”, unknown condition" in page.text
    everybody = {"do": "bulk:note", "rows": "all"}
    assert reader.post(f"{LIST}?view={view.id}", data=everybody).status_code == 400, (
        "not for more than it said"
    )
    assert reader.post(f"{LIST}?view={view.id}", data={"do": "delete_view"}).status_code == 303


@pytest.mark.databases("sqlite")
def test_a_view_keeps_the_words_that_were_searched_for(reader: FlaskClient, manager: User) -> None:
    employers(manager, 海河食品有限公司={}, 津塘船舶有限公司={})
    reader.post(f"{LIST}?q=海河", data={"do": "save_view", "name": "海河"})
    view = segments.find("海河", manager)
    assert names(reader.get(f"{LIST}?view={view.id}")) == ["海河食品有限公司"]


@pytest.mark.databases("sqlite")
def test_sharing_with_everybody_needs_the_permission(app: Flask, client: FlaskClient) -> None:
    sign_in(client, create_user(Role.SPECIALIST))
    answer = client.post(LIST, data={"do": "save_view", "name": "x", "sharing": "public"})
    assert answer.status_code == 403
    assert segments.listed("employers", None) == []


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "form",
    [{}, {"do": "fly"}, {"do": "save_view", "name": ""}, {"do": "save_view", "name": "x", "sharing": "all"},
     {"do": "delete_view"}, {"do": "bulk:fly", "ids": "1"}],
)  # fmt: skip
def test_forms_that_make_no_sense_are_refused(reader: FlaskClient, form: dict[str, str]) -> None:
    assert reader.post(LIST, data=form, headers={"Accept": "application/json"}).status_code == 400


@pytest.mark.databases("sqlite")
def test_columns_are_chosen_ordered_and_remembered(reader: FlaskClient, manager: User) -> None:
    employers(manager, 甲={"area": "塘沽", "heads": 7})
    reader.post(LIST, data={"do": "columns", "columns": ["area", "heads", "nonsense"], "move": "heads:up"})
    assert list(chosen_columns(manager.id, "employers")) == ["heads", "area"]
    page = reader.get(LIST).text
    head = re.search(r"<thead>.*?</thead>", page, re.S)
    assert head is not None
    assert head[0].index("Contributing employees") < head[0].index("Area")
    assert "Paid through" not in head[0]
    assert "塘沽" in page
    reader.post(LIST, data={"do": "columns", "reset": "1", "columns": ["area"]})
    assert list(chosen_columns(manager.id, "employers")) == []


def test_the_order_of_rows_is_remembered_for_the_list_and_for_each_view(
    reader: FlaskClient, manager: User
) -> None:
    employers(manager, 甲={"heads": 1, "area": "b"}, 乙={"heads": 9, "area": "a"})
    view = segments.save(LIST[1:], "视图", {"match": "all", "rules": []}, employer_fields(), manager)
    reader.post(f"{LIST}?sort=heads", data={"do": "columns", "columns": ["heads"]})
    assert names(reader.get(LIST)) == ["甲", "乙"]
    assert names(reader.get(f"{LIST}?sort=-heads")) == ["乙", "甲"]
    reader.post(f"{LIST}?view={view.id}&sort=area", data={"do": "columns", "columns": ["area"]})
    assert names(reader.get(f"{LIST}?view={view.id}")) == ["乙", "甲"]
    reader.post(LIST, data={"do": "columns", "reset": "1"})
    assert names(reader.get(LIST)) == ["乙", "甲"]


@pytest.mark.databases("sqlite")
def test_a_shared_view_becomes_a_tab_of_ones_own(reader: FlaskClient, manager: User) -> None:
    other = create_user(branch=manager.branch)
    everything = {"match": "all", "rules": []}
    view = segments.save(
        LIST[1:], "同事的", everything, employer_fields(), other, sharing=segments.Sharing.BRANCH
    )

    def tabs() -> str:
        found = re.search(r'<ul class="tabs">.*?</ul>', reader.get(LIST).text, re.S)
        return found[0] if found else ""

    assert "同事的" not in tabs()
    reader.post(f"{LIST}?view={view.id}", data={"do": "pin_view", "on": "1"})
    assert "同事的" in tabs()
    reader.post(f"{LIST}?view={view.id}", data={"do": "pin_view", "on": ""})
    assert "同事的" not in tabs()
    assert not view.pinned


def pinned_lines(reader: FlaskClient) -> list[str]:
    """The pins as the navigation of another page shows them."""
    lines = re.findall(
        r'<li class="nav-pin"><a [^>]*href="([^"]+)".*?<span>([^<]+)</span>', reader.get("/").text, re.S
    )
    for url, _name in lines:
        assert reader.get(url).status_code == 200
    return [name for _url, name in lines]


@pytest.mark.databases("sqlite")
def test_pinned_views_stand_in_the_navigation_in_their_users_order(
    reader: FlaskClient, manager: User
) -> None:
    everything = {"match": "all", "rules": []}
    views = [segments.save("employers", name, everything, employer_fields(), manager) for name in "甲乙丙"]
    for view in views:
        reader.post(f"/employers?view={view.id}", data={"do": "pin_view", "on": "1"})
    assert pinned_lines(reader) == ["甲", "乙", "丙"]
    reader.post("/pins", data={"do": "up", "view": views[2].id})
    assert pinned_lines(reader) == ["甲", "丙", "乙"]
    reader.post("/pins", data={"do": "up", "view": views[0].id})
    assert pinned_lines(reader) == ["丙", "乙", "甲"]
    segments.rename(views[1], "改名", manager)
    segments.delete(views[2], manager)
    db.session.commit()
    assert pinned_lines(reader) == ["改名", "甲"]
    reader.post("/pins", data={"do": "unpin", "view": views[0].id})
    assert pinned_lines(reader) == ["改名"]


@pytest.mark.databases("sqlite")
def test_a_view_that_is_private_again_leaves_the_navigation_of_others(
    reader: FlaskClient, manager: User
) -> None:
    other = create_user(branch=manager.branch)
    everything = {"match": "all", "rules": []}
    shared = segments.Sharing.BRANCH
    view = segments.save("employers", "同事的", everything, employer_fields(), other, sharing=shared)
    reader.post(f"/employers?view={view.id}", data={"do": "pin_view", "on": "1"})
    assert pinned_lines(reader) == ["同事的"]
    segments.share(view, segments.Sharing.PRIVATE, False, other)
    db.session.commit()
    assert pinned_lines(reader) == []


@pytest.mark.databases("sqlite")
def test_a_ninth_pin_is_refused(reader: FlaskClient, manager: User) -> None:
    everything = {"match": "all", "rules": []}
    for number in range(MOST_PINS + 1):
        view = segments.save("employers", f"组{number}", everything, employer_fields(), manager)
        answer = reader.post(f"/employers?view={view.id}", data={"do": "pin_view", "on": "1"})
    assert answer.status_code == 400
    assert len(pinned_lines(reader)) == MOST_PINS


def with_handler(employer: Employer, mobile: str) -> None:
    contact = Contact(name="张三", mobile=mobile)
    employer.contacts.append(EmployerContact(contact=contact, role=ContactRole.HANDLER))


def workbook(response: TestResponse) -> list[tuple[Any, ...]]:
    assert response.status_code == 200, response.text
    sheet = load_workbook(io.BytesIO(response.data)).active
    assert sheet is not None
    return list(sheet.iter_rows(values_only=True))


def test_the_export_is_the_list(reader: FlaskClient, manager: User) -> None:
    made = employers(
        manager,
        大={
            "heads": 12,
            "paid_through": Period(2026, 9),
            "monthly_amount": Decimal("3000.5"),
            "owner_id": manager.id,
        },
        小={"heads": 2},
        公式={"heads": 30},
    )
    made["公式"].name = "=1+1"
    create_employer(name="别处", heads=99)
    answer = reader.post(f"{LIST}?heads.ge=10&sort=heads", data={"do": "export", "columns": "shown"})
    rows = workbook(answer)
    assert rows[0][:3] == ("Employer name", "Stage", "Account number")
    assert [row[0] for row in rows[1:]] == ["大", "=1+1"]
    assert rows[1][1:8] == ("Prospect", None, 12, "202609", 0, 3000.5, manager.name)
    sheet = load_workbook(io.BytesIO(answer.data))["About this export"]
    told = {row[0]: row[1] for row in sheet.values}
    assert (told["List"], told["Exported by"], told["Rows"]) == ("Employers", manager.name, 2)
    assert told["Criteria"] == "Contributing employees is at least 10"
    assert told["Order"] == "Contributing employees, ascending"


@pytest.mark.databases("sqlite")
def test_the_export_of_chosen_rows_holds_only_them(reader: FlaskClient, manager: User) -> None:
    made = employers(manager, 甲={}, 乙={})
    elsewhere = create_employer(name="别处")
    ids = [made["甲"].id, elsewhere.id]
    rows = workbook(reader.post(LIST, data={"do": "export", "rows": "chosen", "ids": ids}))
    assert [row[0] for row in rows[1:]] == ["甲"]


@pytest.mark.databases("sqlite")
def test_numbers_are_masked_on_the_page_and_exporting_them_is_told(
    reader: FlaskClient, manager: User
) -> None:
    with_handler(employers(manager, 甲={"established_on": date(2020, 1, 2)})["甲"], "13812345678")
    reader.post(LIST, data={"do": "columns", "columns": ["mobile", "established_on"]})
    page = reader.get(LIST).text
    assert "138****5678" in page
    assert "13812345678" not in page
    told: list[dict[str, Any]] = []

    def hear(_sender: object, **what: Any) -> None:
        told.append(what)

    with signals.list_exported.connected_to(hear, sender="employers"):
        rows = workbook(reader.post(LIST, data={"do": "export"}))
        assert rows[1][1] == "138****5678"
        assert rows[1][2].date() == date(2020, 1, 2)
        in_full = reader.post(LIST, data={"do": "export_in_full", "rows": "all", "reason": "contact"})
    assert workbook(in_full)[1][1] == "13812345678"
    assert [one["personal"] for one in told] == [False, True]
    assert (told[1]["rows"], told[1]["actor_id"]) == (1, manager.id)
    assert told[1]["sha256"] == hashlib.sha256(in_full.data).hexdigest()
    assert told[1]["reason"] == REASONS["contact"]


@pytest.mark.databases("sqlite")
def test_personal_data_in_full_is_asked_for_and_marked_with_who_took_it(
    reader: FlaskClient, manager: User, tmp_path: Path
) -> None:
    with_handler(employers(manager, 甲={})["甲"], "13812345678")
    asked = reader.post(LIST, data={"do": "export_in_full", "rows": "all"}).text
    assert "Reach the person" in asked
    assert "13812345678" not in asked
    answers = {"do": "export_in_full", "rows": "all", "columns": "all"}
    refused = reader.post(LIST, data={**answers, "reason": "other", "reason_words": "x"})
    assert refused.status_code == 400
    words = "核对 120101199003077774 的单位"
    response = reader.post(LIST, data={**answers, "reason": "other", "reason_words": words})
    book = load_workbook(io.BytesIO(response.data))
    data, notice = book.worksheets
    for page in (data, notice):
        for margin in (page.oddHeader, page.oddFooter):
            line = str(margin.center.text if margin else None)
            assert manager.name in line
            assert "核对 … 的单位" in line
    assert [manager.name, "核对 … 的单位"] == [notice["B2"].value, notice["B4"].value]
    assert manager.name in (book.properties.description or "")
    (path := tmp_path / "list.xlsx").write_bytes(response.data)
    with open_table(path, [Heading("name", ("Employer name",))]) as table:
        assert [row.cells[table.columns["name"]] for rows in table.rows for row in rows] == ["甲"]


@pytest.mark.databases("sqlite")
def test_who_may_not_reveal_takes_nothing_away_in_full(app: Flask, client: FlaskClient) -> None:
    partner = create_user(Role.BANK_PARTNER)
    with_handler(create_employer(partner.branch, name="甲"), "13812345678")
    sign_in(client, partner)
    for reason in ("", "contact"):
        refused = client.post(LIST, data={"do": "export_in_full", "rows": "all", "reason": reason})
        assert refused.status_code == 403


@pytest.mark.databases("sqlite")
def test_who_may_not_export_is_refused(app: Flask, client: FlaskClient) -> None:
    partner = create_user(Role.BANK_PARTNER)
    with_handler(create_employer(partner.branch, name="甲"), "13812345678")
    sign_in(client, partner)
    assert client.get(LIST).status_code == 200
    assert client.post(LIST, data={"do": "export"}).status_code == 403


@pytest.mark.databases("sqlite")
def test_strangers_and_administrators_have_no_business_here(app: Flask, client: FlaskClient) -> None:
    assert "login" in client.get(LIST).location
    sign_in(client, create_user(Role.SECURITY_ADMIN, scope=Scope.ALL))
    assert client.get(LIST).status_code == 403


def test_the_segments_page_tells_size_and_meaning(reader: FlaskClient, manager: User) -> None:
    employers(manager, 大={"heads": 12}, 小={"heads": 2})
    tree = {"match": "all", "rules": [rule("heads", "ge", "10")]}
    own = segments.save("employers", "大单位", tree, employer_fields(), manager)
    other = create_user(Role.MANAGER, branch=manager.branch)
    theirs = segments.save(
        "employers", "共享的", tree, employer_fields(), other, sharing=segments.Sharing.BRANCH
    )
    hidden = segments.save("employers", "私有的", tree, employer_fields(), other)
    page = reader.get("/employers/segments")
    assert "Contributing employees is at least 10" in page.text
    assert names(reader.get(address(page, "1"))) == ["大"]
    assert "私有的" not in page.text

    answer = reader.post(
        f"/employers/segments/{own.id}", data={"name": "很大", "sharing": "public", "pinned": "y"}
    )
    assert answer.status_code == 303
    assert (own.name, own.sharing) == ("很大", segments.Sharing.PUBLIC)
    assert reader.post(f"/employers/segments/{theirs.id}/delete").status_code == 403
    assert reader.get(f"/employers/segments/{hidden.id}").status_code == 404
    assert reader.post(f"/employers/segments/{own.id}/delete").status_code == 303
    assert set(db.session.scalars(select(segments.Segment.name))) == {"共享的", "私有的"}


@pytest.mark.databases("sqlite")
def test_an_empty_list_says_what_to_do(reader: FlaskClient) -> None:
    assert "Import the business registry" in reader.get(LIST).text


def test_a_branch_head_sees_the_branches_below(app: Flask, client: FlaskClient) -> None:
    top = create_branch()
    low = create_branch(parent=top)
    create_employer(low, name="下级公司")
    sign_in(client, create_user(Role.BRANCH_HEAD, branch=top, scope=Scope.BRANCH_AND_BELOW))
    assert names(client.get(LIST)) == ["下级公司"]
    assert names(client.get(f"{LIST}?branch.in={low.id}")) == ["下级公司"]


def test_an_export_is_an_event_in_the_trail(reader: FlaskClient, manager: User) -> None:
    employers(manager, 大={"heads": 12})
    reader.post(f"{LIST}?heads.ge=10", data={"do": "export"})
    found = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "List exported")).one()
    details = json.loads(found.details)
    assert (found.actor_id, details["rows"], details["personal"]) == (manager.id, 1, False)
    assert "Contributing employees is at least 10" in details["criteria"]


# -- many rows at once, on a list of the test's own ----------------------------------------------------


class AreaForm(FlaskForm):  # type: ignore[misc]
    area = StringField("New area", validators=[InputRequired()])


def move(record: Employer, _actor: Actor, form: FlaskForm) -> None:
    record.area = form.area.data
    db.session.flush()
    if record.stage is Stage.CLOSED:
        raise DomainError("A closed employer does not move.")


MOVING = replace(
    EMPLOYERS, bulk=(BulkAction("move", "Move", EmployerPermission.ASSIGN, act=move, form=AreaForm),)
)


def post(app: Flask, user: User, query: str = "", **form: Any) -> Any:
    """Posts a form to the list as this user."""
    db.session.commit()
    with (
        app.test_request_context(f"{LIST}{query}", method="POST", data=form),
        force_locale("en"),
        intending(Intent.WRITE),
    ):
        login_user(user)
        return MOVING.respond()


def test_a_bulk_action_asks_before_it_acts(app: Flask, manager: User) -> None:
    one = employers(manager, 甲={}, 乙={})["甲"]
    page = post(app, manager, do="bulk:move", ids=[one.id])
    assert "This is done to 1 row" in page
    assert "New area" in page
    assert one.area is None
    again = post(app, manager, do="bulk:move", ids=[one.id], confirmed="1", expected="1")
    assert 'aria-invalid="true"' in again
    assert one.area is None
    post(app, manager, do="bulk:move", ids=[one.id], confirmed="1", expected="1", area="东区")
    assert db.session.scalars(select(Employer.area).order_by(Employer.id)).all() == ["东区", None]


@pytest.mark.databases("sqlite")
def test_refused_rows_are_named_and_the_others_done(app: Flask, manager: User) -> None:
    made = employers(manager, 在办={}, 已销={"stage": Stage.CLOSED})
    answer = post(app, manager, do="bulk:move", rows="all", confirmed="1", expected="2", area="东区")
    run = db.session.scalars(select(ListRun)).one()
    assert answer.location == f"/runs/{run.id}"
    assert (run.done, run.skipped) == (1, 1)
    skipped = db.session.scalars(select(ListRunRow).where(ListRunRow.state == RowState.SKIPPED)).one()
    assert (skipped.title, skipped.reason) == ("已销", "A closed employer does not move.")
    assert made["在办"].area == "东区"
    assert made["已销"].area is None


def test_all_that_match_means_the_conditions(app: Flask, manager: User) -> None:
    made = employers(manager, 大={"heads": 12}, 小={"heads": 2})
    post(app, manager, "?heads.ge=10", do="bulk:move", rows="all", confirmed="1", expected="1", area="东区")
    assert (made["大"].area, made["小"].area) == ("东区", None)


def test_a_list_that_changed_meanwhile_is_asked_about_again(app: Flask, manager: User) -> None:
    made = employers(manager, 大={"heads": 12}, 小={"heads": 20})
    with pytest.raises(Conflict, match="2 行"):
        post(app, manager, "?heads.ge=10", do="bulk:move", rows="all", confirmed="1", expected="1", area="东")
    db.session.rollback()
    assert made["大"].area is None


def test_rows_of_another_branch_are_out_of_reach(app: Flask, manager: User) -> None:
    elsewhere = create_employer()
    with pytest.raises(DomainError, match="至少选择一行"):
        post(app, manager, do="bulk:move", ids=[elsewhere.id], confirmed="1", expected="1", area="东区")
    db.session.rollback()
    assert elsewhere.area is None


@pytest.mark.databases("sqlite")
def test_who_may_not_act_sees_no_action_and_is_refused(app: Flask, manager: User) -> None:
    specialist = create_user(Role.SPECIALIST, branch=manager.branch)
    one = employers(manager, 甲={})["甲"]
    with pytest.raises(Forbidden):
        post(app, specialist, do="bulk:move", ids=[one.id], confirmed="1", expected="1", area="东区")


@pytest.mark.databases("sqlite")
def test_too_many_rows_are_refused_before_anything_happens(
    app: Flask, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.core.listing.bulk.MOST_ROWS", 1)
    employers(manager, 甲={}, 乙={})
    with pytest.raises(DomainError, match="缩小范围"):
        post(app, manager, do="bulk:move", rows="all")


@pytest.mark.databases("sqlite")
def test_an_empty_cell_says_so_that_cards_on_a_phone_leave_it_out(reader: FlaskClient, manager: User) -> None:
    create_employer(manager.branch, name="甲公司", heads=None, area=None)
    create_employer(manager.branch, name="乙公司", heads=12)
    page = reader.get("/employers").text
    first, second = re.findall(r"<tr>.*?</tr>", page.split("<tbody")[1], re.S)
    heads = 'data-label="Contributing employees" class="'
    assert f'{heads}number">12</td>' in first
    assert f'{heads}blank number">—</td>' in second
    sheet = (Path(__file__).parents[3] / "static/css/jinnuo.css").read_text(encoding="utf-8")
    assert re.search(r"\.table-cards [^{]*:is\(:empty, \.blank\) \{ display: none; \}", sheet)


@pytest.mark.databases("sqlite")
def test_the_branch_is_a_column_for_those_who_reach_several(client: FlaskClient) -> None:
    top = create_branch()
    below = create_branch(parent=top)
    for branch, scope, shown in (
        (top, Scope.BRANCH_AND_BELOW, True),
        (below, Scope.BRANCH_AND_BELOW, False),
        (top, Scope.BRANCH, False),
        (top, Scope.ALL, True),
    ):
        create_employer(branch)
        sign_in(client, create_user(Role.MANAGER, branch=branch, scope=scope))
        assert ('data-label="机构"' in client.get("/employers").text) is shown
