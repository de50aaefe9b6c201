"""The month's batch and the funnel: numbers reckoned by hand, each leading to its rows."""

import re
from datetime import date, timedelta
from html import unescape
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import update

from app.accounts.models import User
from app.core.clock import today
from app.core.db import db
from app.core.periods import Period
from app.core.permissions import Role
from app.employers.areas.models import AreaKind
from app.employers.areas.services import add_area
from app.leads.insight.queries import DIMENSIONS, batch, funnel
from app.leads.ledger.models import Lead, Left
from app.leads.ledger.services import count_areas
from tests.factories import create_branch, create_employer, create_user, sign_in

MARCH = Period.parse("202603")


@pytest.fixture
def manager(app: Flask) -> User:
    """Four leads found in March 2026, of which two were won, and one of another branch.

    One lies in a district, one in its street, one in a house of that street that was counted by no night yet.
    """
    district = add_area("D1", "滨海新区", AreaKind.DISTRICT, None)
    street = add_area("S1", "大港街道", AreaKind.STREET, district)
    count_areas()
    house = add_area("B1", "创新大厦", AreaKind.BUILDING, street)
    areas = iter((district.id, street.id, house.id, None))
    manager = create_user(Role.MANAGER, name="陈主任")
    found = date(2026, 3, 2)

    def lead(source: str, **days: object) -> None:
        firm = create_employer(manager.branch, source=source, owner_id=manager.id, area_id=next(areas))
        values = {"found_on": found, "found_by": source, **days}
        db.session.execute(update(Lead).where(Lead.employer_id == firm.id).values(values))

    won = {"left_why": Left.REGISTERED}
    day = timedelta(days=1)
    lead("bank", contacted_on=found + 2 * day, met_on=found + 6 * day, registered_on=found + 16 * day,
         paid_on=found + 46 * day, left_on=found + 16 * day, **won)  # fmt: skip
    lead(
        "bank", contacted_on=found + 4 * day, registered_on=found + 10 * day, left_on=found + 10 * day, **won
    )
    lead("registry", contacted_on=found + 9 * day)
    lead("registry", left_on=found + 40 * day, left_why=Left.DISMISSED)
    create_employer(create_branch())
    db.session.execute(update(Lead).where(Lead.found_on == today()).values(found_on=found))
    db.session.commit()
    return manager


def test_the_batch_counts_what_came_and_what_went_and_why(manager: User) -> None:
    march, april = batch(MARCH, manager), batch(MARCH + 1, manager)
    assert {(one.number, one.criteria["found_by.in"]) for one in march.entered} == {
        (2, "bank"),
        (2, "registry"),
    }
    assert [(one.number, one.criteria["left_why.in"]) for one in march.left] == [(2, "registered")]
    assert [(one.number, one.criteria["left_why.in"]) for one in april.left] == [(1, "dismissed")]
    assert (march.new, march.gone, march.standing) == (4, 2, 1)


def test_the_batch_is_exported_with_its_sources_reasons_and_months(
    client: FlaskClient, manager: User
) -> None:
    sign_in(client, manager)
    assert "/leads/monthly/workbook?month=202603" in client.get("/leads/monthly?month=202603").text
    answer = client.get("/leads/monthly/workbook?month=202603")
    rows = list(load_workbook(BytesIO(answer.data)).worksheets[0].values)
    assert rows[0] == ("2026年3月", "来源或原因", "促建任务")
    assert [row[2] for row in rows[1:4]] == [2, 2, 2]
    assert ("2026年3月", 4, 2) in rows
    sign_in(client, create_user(Role.SYSTEM_ADMIN))
    assert client.get("/leads/monthly/workbook").status_code == 403


def test_the_funnel_counts_steps_and_the_median_days_between(manager: User) -> None:
    whole, lines = funnel(DIMENSIONS["source"], MARCH, MARCH, manager)
    assert list(whole.reached.values()) == [4, 3, 1, 2, 1]
    # 2, 4 and 9 days to the first word; 10 from meeting and 6 from the first word to the account
    assert whole.days == {"contacted": 4, "met": 4, "registered": 8, "paid": 30, "whole": 46}
    assert [line.reached["found"] for line in lines] == [2, 2]
    assert whole.share == 0.5


def test_a_street_has_what_lies_in_it_and_a_district_what_lies_in_no_street(manager: User) -> None:
    _whole, lines = funnel(DIMENSIONS["area"], MARCH, MARCH, manager)
    assert {line.label: line.reached["found"] for line in lines} == {
        "大港街道": 2, "滨海新区": 1, "未划入区域": 1
    }  # fmt: skip


@pytest.mark.parametrize("by", DIMENSIONS)
def test_every_number_of_the_funnel_leads_to_as_many_rows(
    client: FlaskClient, manager: User, by: str
) -> None:
    sign_in(client, manager)
    page = client.get(f"/leads/funnel?by={by}&from=2026-03&until=2026-03").get_data(as_text=True)
    found = re.findall(r'<a href="(/leads/all\?[^"]+)">(\d+)</a>', page)
    assert len(found) >= 5
    for address, number in found:
        rows = client.get(unescape(address)).get_data(as_text=True)
        assert f"共 {number} 条" in rows, address
    medians = re.findall(r'<a href="(/leads/all\?[^"]+)">46天</a>', page)  # of the one that has paid
    assert len(medians) == 2
    for address in medians:
        assert "共 1 条" in client.get(unescape(address)).get_data(as_text=True), address


def test_the_batch_leads_to_its_rows_and_the_funnel_is_given_as_a_workbook(
    client: FlaskClient, manager: User
) -> None:
    sign_in(client, manager)
    page = client.get("/leads/monthly?month=202603").get_data(as_text=True)
    address = re.findall(r'href="(/leads/all[^"]*left_why[^"]*)"', page)[0]
    assert "共 2 条" in client.get(unescape(address)).get_data(as_text=True)
    answer = client.get("/leads/funnel/workbook?by=source&from=2026-03&until=2026-03")
    sheet = load_workbook(BytesIO(answer.data)).active
    assert sheet is not None
    last = list(sheet.values)[-1]
    assert last[1:6] == (4, 3, 1, 2, 1)
    sign_in(client, create_user(Role.BANK_PARTNER, branch=manager.branch))
    assert client.get("/leads/funnel").status_code == 403
    assert client.get("/leads/monthly").status_code == 403


@pytest.mark.parametrize("page", ["monthly?month", "funnel?until", "funnel?from"])
def test_a_month_without_neighbours_is_taken_as_none(client: FlaskClient, manager: User, page: str) -> None:
    sign_in(client, manager)
    for month in ("190001", "299912", "190301"):
        assert client.get(f"/leads/{page}={month}").status_code == 200
