"""The calendar that time limits are reckoned with: seen by years, changed by one role, with reasons."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from time_machine import travel

from app.audit.models import AuditEvent
from app.core.db import db
from app.core.permissions import Role
from app.core.rules import workdays
from app.core.rules.workdays import WorkingDay
from tests.factories import create_user, sign_in

NOTICE = "国办发明电〔2026〕7号"


@pytest.fixture(autouse=True)
def november() -> Iterator[None]:
    with travel(datetime(2026, 11, 22, 2, tzinfo=UTC)):
        yield


@pytest.fixture
def admin(client: FlaskClient) -> FlaskClient:
    sign_in(client, create_user(Role.SYSTEM_ADMIN, name="何涛"))
    return client


@pytest.mark.databases("sqlite")
def test_the_year_shows_what_is_off_and_what_is_worked_instead(client: FlaskClient) -> None:
    sign_in(client, create_user(Role.MANAGER))
    page = client.get("/settings/working-days").text
    assert 'class="day is-free is-off" title="国庆节">1<' in page
    assert 'class="day is-worked" title="国庆节">10<' in page
    assert "/settings/working-days/2026-10-01" not in page, "a manager looks and changes nothing"
    assert "2027年工作日历尚未录入" in client.get("/settings/working-days?year=2027").text
    assert "2026年1月" in client.get("/settings/working-days?year=99999").text


def test_a_changed_day_counts_at_once_and_keeps_its_reason(admin: FlaskClient) -> None:
    form = {"working": "0", "why": NOTICE}
    assert admin.post("/settings/working-days/2026-12-31", data=form).status_code == 303
    assert workdays.add_working_days(date(2026, 12, 30), -1) == date(2026, 12, 29)
    assert not workdays.is_working_day(date(2026, 12, 31))
    assert not workdays.is_working_day(date(2026, 10, 1)), "the rest of the year stays what it was"
    assert NOTICE in admin.get("/settings/working-days").text
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.subject_type == "working_days")).one()
    assert (event.actor_name, event.subject_id) == ("何涛", "2026-12-31")
    assert event.fields["note"] == [None, NOTICE]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("address", "form", "status"),
    [
        ("2026-12-31", {"working": "0", "why": ""}, 422),
        ("2026-12-31", {"working": "", "why": NOTICE}, 422),
        ("2026-12-31", {"working": "1", "why": NOTICE}, 400),
        ("2031-01-01", {"working": "0", "why": NOTICE}, 400),
        ("2026-02-30", {"working": "0", "why": NOTICE}, 404),
        ("tomorrow", {"working": "0", "why": NOTICE}, 404),
    ],
)
def test_a_day_changes_only_with_a_reason_and_only_where_it_makes_a_difference(
    admin: FlaskClient, address: str, form: dict[str, str], status: int
) -> None:
    assert admin.post(f"/settings/working-days/{address}", data=form).status_code == status
    assert db.session.query(WorkingDay).count() == 0


def test_a_year_is_entered_as_it_was_announced(admin: FlaskClient) -> None:
    form = {
        "off": "2027-01-01 至 2027-01-03\n2027/2/5～2027/2/11，2027.4.5",
        "worked": "2027-01-30",
        "why": NOTICE,
    }
    assert admin.post("/settings/working-days/years/2027", data=form).status_code == 303
    assert not workdays.is_working_day(date(2027, 2, 11))
    assert workdays.is_working_day(date(2027, 1, 30))
    assert workdays.add_working_days(date(2026, 12, 31), 1) == date(2027, 1, 4)
    entered = db.session.scalars(
        select(AuditEvent).where(AuditEvent.action == "Calendar of a year entered")
    ).one()
    assert entered.facts == {"year": 2027, "reason": NOTICE, "days_off": 11, "days_worked": 1}
    again = admin.post("/settings/working-days/years/2027", data=form)
    assert again.status_code == 409, "a year is entered once, then changed day by day"


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "wrong",
    [
        {"off": ""},
        {"off": "元旦三天"},
        {"off": "2027-02-30"},
        {"off": "2027-02-10 至 2027-02-01"},
        {"off": "2027-01-01 至 2027-12-31"},
        {"off": "2026-12-31"},
        {"worked": "2027-01-04"},
        {"worked": "2027-01-02"},
        {"why": ""},
    ],
)
def test_a_year_that_cannot_be_is_refused_whole(admin: FlaskClient, wrong: dict[str, str]) -> None:
    form = {"off": "2027-01-01 至 2027-01-02", "worked": "2027-01-30", "why": NOTICE, **wrong}
    assert admin.post("/settings/working-days/years/2027", data=form).status_code in (400, 422)
    assert db.session.query(WorkingDay).count() == 0


@pytest.mark.databases("sqlite")
def test_only_the_system_administrator_changes_the_calendar(client: FlaskClient) -> None:
    for role in (Role.BRANCH_HEAD, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN):
        sign_in(client, create_user(role))
        assert client.get("/settings/working-days").status_code == 200
        form = {"working": "0", "why": NOTICE}
        assert client.post("/settings/working-days/2026-12-31", data=form).status_code == 403
    sign_in(client, create_user(Role.SPECIALIST))
    assert client.get("/settings/working-days").status_code == 403
