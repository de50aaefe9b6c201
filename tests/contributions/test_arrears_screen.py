"""The worklist, the page of a case, and reminders."""

import html
import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.contributions.arrears.models import ArrearsCase, CaseState
from app.contributions.reminding.policy import NOT_OPERATING, REMINDER
from app.contributions.reminding.services import remind
from app.contributions.standing.policy import THIRD, buckets
from app.contributions.standing.queries import report
from app.core.clock import today
from app.core.db import db
from app.core.options import set_value
from app.core.periods import Period
from app.core.permissions import Role, Scope
from app.employers.models import AccountStatus, Employer
from app.employers.services import edit_employer, version_of
from app.tasks.models import Task, TaskState
from tests.contributions.statements import apply, line, statement, take_back
from tests.factories import create_branch, create_case, create_employer, create_user, seed_codes, sign_in

#: paid through of the employers that the statement names; on 30 September September is due
PAID = {1: 202209, 2: 202208, 3: 202207, 4: 202206, 5: 202205, 6: 202202, 7: 202108}


@pytest.fixture
def department(app: Flask, client: FlaskClient, tmp_path: Path) -> FlaskClient:
    branch = create_branch("00")
    seed_codes()
    lines = [line(number, paid) for number, paid in PAID.items()]
    apply(app, statement(tmp_path, "2022年9月", [*lines, line(8, 202205, status="03"), line(9, None)]))
    sign_in(client, create_user(Role.MANAGER, branch=branch, scope=Scope.ALL))
    return client


def tabs(page: str) -> dict[str, tuple[int, str]]:
    """The tabs with their counts and addresses."""
    found = re.findall(r'<a href="([^"]+)"[^>]*>([^<]+?)\s*<span class="tab-count">([\d,]+)</span>', page)
    return {label.strip(): (int(count), url.replace("&amp;", "&")) for url, label, count in found}


def rows(page: str) -> int:
    return page.count('data-label="欠缴月数"')


def test_each_tab_leads_to_as_many_rows_as_it_says(department: FlaskClient) -> None:
    found = tabs(department.get("/arrears").text)
    counts = {label: count for label, (count, _url) in found.items()}
    assert counts == {
        "全部欠缴": 6, "1个月": 1, "2–3个月": 2, "4个月以上": 3, "6个月以上": 2, "12个月以上": 1,
        "另列单位": 2,
    }  # fmt: skip
    for label, (count, url) in found.items():
        assert rows(department.get(url).text) == count, label


def test_those_in_good_standing_and_each_kind_listed_apart_lead_to_their_rows(
    department: FlaskClient,
) -> None:
    page = department.get("/arrears").text
    good = re.search(r'href="([^"]*months.eq=0[^"]*)"', page)
    assert good and rows(department.get(html.unescape(good[1])).text) == report(None, None).employers[0] == 1
    apart = re.findall(r'(缓缴|从未缴存、尚无应缴月份|从未缴存) <a href="([^"]+)">(\d)</a>', page)
    assert len(apart) == 2
    for label, address, number in apart:
        assert rows(department.get(html.unescape(address)).text) == int(number), label


def test_an_employer_that_the_newest_statement_does_not_name_stands_as_an_earlier_one_left_it(
    app: Flask, department: FlaskClient, tmp_path: Path
) -> None:
    """Of nine, October's statement of their branch names four; number 8 is deferred."""
    assert "不在所属机构最新一期对账单中" not in department.get("/arrears").text
    named = [line(1, 202209), line(2, 202208), line(3, 202210), line(9, 202210)]
    october = apply(app, statement(tmp_path, "2022年10月", named))["batch"]
    found = report(None, None)
    kept = {one.employer_account_no: one for one in db.session.scalars(select(Employer))}
    of_employers = Counter(one.arrears_months for one in kept.values() if one.paid_through)
    assert kept["030100000004"].arrears_months == 3  # as September's left it, on its day
    of_employers[0] -= 1  # number 8 is deferred and counted apart
    assert found.employers == of_employers and found.missing == 5
    assert report(date(2022, 10, 31), None).as_json()["4"] == 1  # asked for the day: so many, if nothing came
    page = department.get("/arrears").text
    assert tabs(page)["全部欠缴"][0] == found.behind and "5个已开户单位不在所属机构最新一期对账单中" in page
    address = html.unescape(re.search(r'href="(/arrears[^"]*missing[^"]*)"', page).group(1))  # type: ignore[union-attr]
    assert rows(department.get(address).text) == 5
    dashboard = department.get("/dashboard").text
    assert f"{found.behind} / {found.due_units}" in re.sub(r"<[^>]+>", "", dashboard)
    take_back(app, october)
    assert report(None, None).missing == 0 and report(None, None).behind == 6


def test_the_screen_of_a_day_agrees_with_the_report_of_the_day(department: FlaskClient) -> None:
    answer = department.get("/arrears?day=2022-12-31", follow_redirects=True)
    assert answer.request.path == "/arrears/on/2022-12-31"
    later = report(date(2022, 12, 31), None)
    assert tabs(answer.text)["全部欠缴"][0] == later.behind == 7
    assert later.as_json()["3"] == 1 and later.employers[0] == 0
    for nonsense in ("yesterday", "2022-13-01", "0001-01-01"):
        assert department.get(f"/arrears/on/{nonsense}").status_code == 404


def test_a_case_asks_for_the_reason_first_and_then_shows_the_ways(department: FlaskClient) -> None:
    case = db.session.scalars(select(ArrearsCase).where(ArrearsCase.months == 1)).one()
    address = f"/arrears/{case.id}"
    page = department.get(address).text
    assert "登记联系情况和欠缴原因" in page and "尚未了解欠缴原因" in page
    asked = department.get(f"/workflow/arrears/{case.id}/contact").text
    assert "资金周转困难" in asked
    answers: dict[str, Any] = {"reason": "11", "contacted_on": today().isoformat()}
    assert department.post(f"/workflow/arrears/{case.id}/contact", data=answers).location == address
    promise = {"promised_for": (today() - timedelta(days=1)).isoformat()}
    assert department.post(f"/workflow/arrears/{case.id}/promise", data=promise).status_code == 422
    promise = {"promised_for": (today() + timedelta(days=5)).isoformat()}
    assert department.post(f"/workflow/arrears/{case.id}/promise", data=promise).status_code == 302
    page = department.get(address).text
    assert "资金周转困难" in page and "未到期" in page
    assert f"承诺缴存日期 {promise['promised_for']}" in page  # in what happened
    assert f"/escalations/begin/{case.employer_id}" in page
    assert "欠缴案件" in department.get(f"/employers/{case.employer_id}").text


def test_the_employers_page_shows_every_version_of_a_corrected_month(
    app: Flask, department: FlaskClient, tmp_path: Path
) -> None:
    corrected = db.session.scalars(select(Employer).where(Employer.paid_through == Period(2022, 7))).one()
    address = f"/employers/{corrected.id}"
    assert "更正过的月份" not in department.get(address).text
    apply(app, statement(tmp_path, "2022年9月", [line(3, 202208, heads=4)]))
    page = department.get(address).text
    assert "更正过的月份及各版本" in page and "第2版" in page and "第1版" in page


def test_reminders_come_in_three_speeds_and_once(app: Flask) -> None:
    """The day is 17 November 2026, a Tuesday; with pay day 15 October fell due on the 20th, November will."""
    day, month = date(2026, 11, 17), Period(2026, 11)
    usual: dict[str, Any] = {
        "account_status": AccountStatus.NORMAL, "paid_through": month + -1, "pay_day": 12,
        "first_contribution_month": Period(2020, 1),
    }  # fmt: skip
    branch = create_branch()
    owner = create_user(branch=branch)
    behind = create_employer(branch, **usual | {"paid_through": month + -2, "pay_day": 11}, owner_id=owner.id)
    create_case(behind, first_period=month + -1, opened_on=date(2026, 10, 31))
    often, once, new = (create_employer(branch, **usual) for _ in range(3))
    create_employer(branch, **usual)  # always in time
    create_employer(branch, **usual | {"paid_through": month, "first_contribution_month": month})  # has paid
    create_employer(
        branch, **usual | {"paid_through": None, "first_contribution_month": month + 1}
    )  # to begin
    create_employer(
        branch, **usual | {"operating_status": "05", "first_contribution_month": month + -1}
    )  # gone
    new.first_contribution_month = month + -1
    ended: dict[str, Any] = {"state": CaseState.SETTLED, "closed_on": date(2026, 6, 30)}
    for employer, back in ((often, 2), (often, 8), (once, 8)):
        create_case(employer, first_period=month + -back, opened_on=(month + -back).last_day, **ended)
    assert remind(date(2026, 11, 15)) == 0  # a Sunday
    assert remind(day) == 4
    assert remind(day) == remind(day + timedelta(days=1)) == 0
    tasks = {task.employer_id: task for task in db.session.scalars(select(Task).where(Task.kind == REMINDER))}
    assert {id_: task.title.split(":")[0].split(" of")[0] for id_, task in tasks.items()} == {
        behind.id: "%(month)s is overdue as well",
        often.id: "Often late",
        once.id: "Remind",
        new.id: "Remind",
    }
    urged = tasks[behind.id]
    assert (urged.owner_id, urged.due_on) == (owner.id, day)
    assert urged.sentence == "2026年11月份也已逾期：请当日催缴"
    assert tasks[often.id].due_on == date(2026, 11, 18)
    assert db.session.get_one(Employer, often.id).arrears_months == 0
    actor = create_user(Role.SPECIALIST, branch=branch)
    edit_employer(behind, {"operating_status": "04"}, version_of(behind), actor)
    db.session.refresh(urged)
    assert (urged.state, urged.result) == (TaskState.CANCELLED, NOT_OPERATING)
    assert remind(day) == 0
    edit_employer(behind, {"operating_status": "01"}, version_of(behind), actor)
    assert remind(day) == 1


def test_a_statement_closes_reminders_of_what_is_paid_and_taken_back_it_asks_again(
    app: Flask, tmp_path: Path
) -> None:
    """Pay day 12: October was due on 17 October 2022; the employer was behind once within the year."""
    create_branch("00")
    seed_codes()
    apply(app, statement(tmp_path, "2022年9月", [line(1, 202209, 12)]))
    employer = db.session.scalars(select(Employer)).one()
    ended: dict[str, Any] = {"first_period": Period(2022, 5), "opened_on": date(2022, 5, 31)}
    create_case(employer, state=CaseState.WITHDRAWN, closed_on=date(2022, 6, 30), **ended)
    assert remind(date(2022, 10, 12)) == 0  # a case withdrawn was none
    apply(app, statement(tmp_path, "2022年8月", [line(1, 202207, 12)]))  # this one comes late
    assert remind(date(2022, 10, 12)) == 1
    behind = create_case(employer, first_period=Period(2022, 9), opened_on=date(2022, 9, 30))
    assert remind(date(2022, 10, 18)) == 1  # what was said ahead does not silence the day itself
    db.session.delete(behind)
    batch = apply(app, statement(tmp_path, "2022年10月", [line(1, 202210, 12)]))["batch"]
    reminded = select(Task.state).where(Task.kind == REMINDER)
    assert db.session.scalars(reminded).all() == [TaskState.DONE] * 2
    take_back(app, batch)
    assert remind(date(2022, 10, 12)) == 1
    assert remind(date(2099, 10, 12)) == 0  # no calendar of that year is entered


def test_the_buckets_follow_the_settings_of_the_day(app: Flask) -> None:
    day = date(2126, 1, 1)
    assert [(one.low, one.high) for one in buckets(day)] == [
        (1, 1), (2, 3), (4, None), (6, None), (12, None),
    ]  # fmt: skip
    set_value(THIRD, 3, day)
    assert [(one.low, one.high) for one in buckets(day)][1:3] == [(2, 2), (3, None)]
    assert [(one.low, one.high) for one in buckets(day - timedelta(days=1))][1:3] == [(2, 3), (4, None)]
