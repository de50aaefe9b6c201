"""Files that are expected by a day: shown, asked for once when they are missing, settled when they come."""

import io
import re
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import User
from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError
from app.core.language import formats
from app.core.periods import Period
from app.core.permissions import Role
from app.core.rules.workdays import add_working_days
from app.imports import jobs, queries, services
from app.imports.expected import jobs as expected_jobs
from app.imports.expected.models import ImportDue, ImportExpectation, Rhythm
from app.imports.expected.policy import due_in
from app.imports.expected.queries import ARRIVED, AWAITED, MISSING, standing
from app.imports.expected.services import expect, expect_no_more
from app.imports.models import ImportBatch
from app.tasks.models import Task, TaskState
from tests.factories import create_branch, create_user, sign_in
from tests.imports.sample import credit_code_of

BANK = "建行油田支行"
THIS_MONTH = Period.of(today())
LAST_MONTH = THIS_MONTH + -1


@pytest.fixture
def owner(app: Flask) -> User:
    return create_user(Role.SPECIALIST)


def expected(owner: User, **changes: Any) -> ImportExpectation:
    values: dict[str, Any] = {
        "spec": "bank_accounts",
        "source": BANK,
        "branch_id": owner.branch_id,
        "rhythm": Rhythm.MONTHLY,
        "month": None,
        "day": 1,
        "workdays_only": False,
        "lag": 1,
        "owner_id": owner.id,
    }
    made = expect({**values, **changes})
    db.session.commit()
    return made


def late(owner: User, **changes: Any) -> ImportExpectation:
    """One whose day in this month was long ago, whichever day the test runs on."""
    made = expected(owner, **changes)
    made.since = LAST_MONTH.first_day
    db.session.commit()
    return made


def imported(owner: User, month: Period, source: str = BANK) -> ImportBatch:
    rows = f"户名,统一社会信用代码\n甲公司,{credit_code_of(1)}\n"
    spec, stream = queries.spec_named("bank_accounts"), io.BytesIO(rows.encode())
    batch = services.receive(
        spec, stream, "a.csv", owner, branch=owner.branch, as_of=month.last_day, source=source, apply=True
    )
    db.session.commit()
    jobs.run_batch(batch.id)
    return db.session.get_one(ImportBatch, batch.id, populate_existing=True)


def asked() -> list[Task]:
    query = select(Task).where(Task.kind == "missing_file").order_by(Task.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def month_of(task: Task) -> str:
    said: str = task.params["month"]["period"]
    return said


def test_a_missing_file_is_asked_for_once_and_settled_by_the_import_of_its_month(owner: User) -> None:
    late(owner)
    for _again in range(2):
        expected_jobs.ask_for_missing_files()
    month = (LAST_MONTH + -1, LAST_MONTH) if today().day > 1 else (LAST_MONTH + -1,)
    assert [(task.owner_id, month_of(task)) for task in asked()] == [(owner.id, str(m)) for m in month]
    assert asked()[0].sentence.startswith(f"催报逾期未到的文件：{formats.period(month[0])}")
    assert "msgid" not in asked()[0].sentence
    imported(owner, LAST_MONTH + -1, source="别家银行")
    assert asked()[0].state is TaskState.OPEN
    imported(owner, LAST_MONTH + -1)
    assert [task.state for task in asked()] == [TaskState.DONE, *[TaskState.OPEN] * (len(month) - 1)]
    expected_jobs.ask_for_missing_files()
    assert len(asked()) == len(month)


def test_a_file_that_came_in_time_long_ago_is_never_asked_for_later(owner: User) -> None:
    made = expected(owner)
    month = THIS_MONTH + -9
    made.since = (month + 1).first_day  # the file of the ninth month back is the first one due
    db.session.commit()
    imported(owner, month)
    expected_jobs.ask_for_missing_files()
    months = [month_of(task) for task in asked()]
    assert str(month) not in months
    assert str(month + 1) in months


def test_a_file_that_was_taken_back_is_asked_for_again_and_a_closed_task_stays_closed(owner: User) -> None:
    made = late(owner, source="")
    expected_jobs.ask_for_missing_files()
    first = asked()[0]
    first.state = TaskState.CANCELLED  # its owner knows why
    db.session.commit()
    expected_jobs.ask_for_missing_files()
    assert asked()[0].state is TaskState.CANCELLED
    batch = imported(owner, LAST_MONTH + -1)
    services.start_undoing(batch)
    db.session.commit()
    jobs.run_batch(batch.id)
    expected_jobs.ask_for_missing_files()
    again = [task for task in asked() if task.source_id == first.source_id]
    assert [task.state for task in again] == [TaskState.CANCELLED, TaskState.OPEN]
    expect_no_more(made, owner)
    assert {task.state for task in asked()} == {TaskState.CANCELLED}
    assert db.session.scalars(select(ImportDue)).all() == []


def test_the_page_of_imports_shows_what_has_come_and_what_has_not(client: FlaskClient, owner: User) -> None:
    expected(owner, day=31, source="")
    (there,) = standing(owner)
    assert (there.state, there.due.period) == (AWAITED, LAST_MONTH)
    imported(owner, LAST_MONTH)
    assert [one.state for one in standing(owner)] == [ARRIVED]
    if today().day > 1:
        expected(owner, spec="social_insurance", source="社保局")
        assert [one.state for one in standing(owner)] == [MISSING, ARRIVED]
    sign_in(client, owner)
    page = client.get("/imports").text
    assert "/imports/expected" in page
    assert owner.name in page
    assert re.search(r"<td data-label=.所属期.[^>]*>\d{4}年\d{1,2}月<", page)
    sign_in(client, create_user(Role.SPECIALIST, branch=create_branch()))
    assert standing(create_user(Role.SPECIALIST, branch=create_branch())) == []


def test_days_are_of_the_calendar_or_working_days_and_yearly_files_come_once_a_year() -> None:
    monthly = ImportExpectation(
        rhythm=Rhythm.MONTHLY, day=31, workdays_only=False, lag=1, since=date(2022, 1, 1)
    )
    due = due_in(monthly, Period(2022, 9))
    assert due is not None
    assert (due.on, due.period) == (date(2022, 9, 30), Period(2022, 8))
    yearly = ImportExpectation(
        rhythm=Rhythm.YEARLY, month=3, day=15, workdays_only=False, lag=1, since=date(2022, 1, 1)
    )
    assert due_in(yearly, Period(2022, 2)) is None
    march = due_in(yearly, Period(2022, 3))
    assert march is not None
    assert (march.on, march.period) == (date(2022, 3, 15), Period(2021, 1))
    assert due_in(yearly, Period(2021, 3)) is None  # nobody expected it then


def test_the_fifth_working_day_knows_the_national_holiday(owner: User) -> None:
    october = ImportExpectation(
        rhythm=Rhythm.MONTHLY, day=5, workdays_only=True, lag=1, since=date(2022, 1, 1)
    )
    due = due_in(october, Period(2022, 10))
    assert due is not None
    assert due.on == add_working_days(date(2022, 9, 30), 5)
    assert due.on > date(2022, 10, 10)


def test_leaders_keep_what_is_expected_and_nobody_else(client: FlaskClient, owner: User) -> None:
    data = {"spec": "bank_accounts", "source": BANK, "rhythm": "monthly", "day": "5", "lag": "1"}
    data |= {"branch_id": str(owner.branch_id), "owner_id": str(owner.id)}
    sign_in(client, owner)
    assert client.post("/imports/expected/new", data=data).status_code == 403
    leader = create_user(Role.BRANCH_HEAD, branch=owner.branch)
    sign_in(client, leader)
    assert client.post("/imports/expected/new", data=data).status_code == 303
    made = db.session.scalars(select(ImportExpectation)).one()
    assert (made.source, made.day, made.owner_id) == (BANK, 5, owner.id)
    assert client.post("/imports/expected/new", data=data).status_code == 422  # it is expected already
    assert client.post("/imports/expected/new", data={**data, "day": "32"}).status_code == 422
    yearly = {**data, "rhythm": "yearly"}
    assert client.post("/imports/expected/new", data=yearly).status_code == 422  # of which month?
    page = client.get("/imports/expected").text
    assert BANK in page
    change = {**data, "day": "8", "workdays_only": "y"}
    assert client.get(f"/imports/expected/{made.id}").status_code == 200
    assert client.post(f"/imports/expected/{made.id}", data=change).status_code == 303
    db.session.refresh(made)
    assert (made.day, made.workdays_only) == (8, True)
    sign_in(client, create_user(Role.BRANCH_HEAD, branch=create_branch()))
    assert client.post(f"/imports/expected/{made.id}/drop").status_code == 404
    sign_in(client, leader)
    assert client.post(f"/imports/expected/{made.id}/drop").status_code == 303
    assert db.session.scalars(select(ImportExpectation)).all() == []


def test_a_twin_of_what_is_expected_is_refused(owner: User) -> None:
    expected(owner)
    with pytest.raises(DomainError):
        expected(owner, source=f" {BANK}")
