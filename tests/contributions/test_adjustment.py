"""The yearly adjustment of bases: who is in it, what is submitted and checked, the file, reminders."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.accounts.models import User
from app.contributions.adjustment import queries, services
from app.contributions.adjustment.models import Adjustment, AdjustmentDrive, AdjustmentState
from app.contributions.adjustment.policy import Figures, bounds_of
from app.contributions.adjustment.workflow import ADJUSTMENT
from app.core.clock import today
from app.core.criteria.trees import rule
from app.core.db import db
from app.core.errors import Conflict, DomainError, Forbidden
from app.core.permissions import Role
from app.core.rules.rates import Bounds
from app.core.rules.workdays import on_or_before
from app.core.workflow.engine import WorkflowHistory, transition
from app.employers.lists import count_employers
from app.employers.models import Employer, Stage
from app.tasks.models import Task, TaskState
from tests.contributions.statements import run
from tests.factories import create_branch, create_employer, create_user, sign_in
from tests.imports.sample import credit_code_of
from tests.spreadsheets import workbook

YEAR = today().year
HEADER = ["单位账号", "单位名称", "职工人数", "缴存基数合计", "最低缴存基数", "最高缴存基数"]
EXAMPLES = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
bases = st.integers(1, 5_000_000).map(lambda fen: Decimal(fen) / 100)


@pytest.fixture
def chen(app: Flask) -> User:
    return create_user(Role.SPECIALIST, branch=create_branch(), name="陈静")


@pytest.fixture
def employer(chen: User) -> Employer:
    return create_employer(
        chen.branch, stage=Stage.CONTRIBUTING, owner_id=chen.id, employer_account_no="0301000001",
        uscc=credit_code_of(1), name="基数申报有限公司",
    )  # fmt: skip


@pytest.fixture
def drive(employer: Employer) -> AdjustmentDrive:
    create_employer(employer.branch, stage=Stage.PROSPECT)
    return services.open_drive(YEAR, today() - timedelta(days=5), today() + timedelta(days=40), None)


@pytest.fixture
def row(drive: AdjustmentDrive) -> Adjustment:
    return db.session.scalars(select(Adjustment)).one()


def figures(heads: int = 3, total: int = 15000, lowest: int = 4000, highest: int = 6000) -> Figures:
    return Figures(heads, Decimal(total), Decimal(lowest), Decimal(highest))


@EXAMPLES
@given(st.lists(bases, min_size=1, max_size=6))
def test_figures_of_any_list_of_employees_fit_each_other(employees: list[Decimal]) -> None:
    said = Figures(len(employees), sum(employees, Decimal(0)), min(employees), max(employees))
    assert said.contradictions() == []


@EXAMPLES
@given(bases, bases, bases, bases)
def test_bases_are_outside_exactly_when_below_the_floor_or_above_the_ceiling(
    low: Decimal, high: Decimal, floor: Decimal, ceiling: Decimal
) -> None:
    within = Bounds(Decimal("0.05"), Decimal("0.12"), floor, ceiling)
    found = Figures(2, low + high, low, high).outside(within)
    assert ("below_floor" in found, "above_ceiling" in found) == (low < floor, high > ceiling)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (figures(lowest=7000), "order"),
        (figures(heads=0, total=0), "nobody"),
        (figures(total=11999), "total"),
        (figures(total=18001), "total"),
        (figures(total=13999), "total"),  # one of three must have 6,000, so at least 14,000
        (figures(heads=1, total=4000), "total"),  # one person has one base
    ],
)
def test_figures_of_no_list_of_employees_contradict_each_other(said: Figures, why: str) -> None:
    assert said.contradictions() == [why]


def test_a_year_is_opened_once_for_those_who_contribute(drive: AdjustmentDrive, employer: Employer) -> None:
    assert [one.employer_id for one in db.session.scalars(select(Adjustment))] == [employer.id]
    with pytest.raises(Conflict):
        services.open_drive(YEAR, today(), today(), None)
    for year, first, last in ((YEAR + 2, today(), today()), (YEAR + 1, today(), today() - timedelta(days=1))):
        with pytest.raises(DomainError):
            services.open_drive(year, first, last, None)
    create_employer(employer.branch, stage=Stage.IN_ARREARS)
    assert services.take_in(drive) == 1
    assert services.take_in(drive) == 0


def test_an_employer_is_invited_attends_submits_and_is_checked(row: Adjustment, chen: User) -> None:
    transition(ADJUSTMENT, row, "invite", chen, answers={"invited_on": today()})
    transition(ADJUSTMENT, row, "attend", chen, answers={"attended_on": today()})
    with pytest.raises(DomainError):
        transition(ADJUSTMENT, row, "check", chen)
    with pytest.raises(Forbidden):
        transition(ADJUSTMENT, row, "submit", chen)
    services.submit(row, figures(), today(), chen)
    task = db.session.scalars(select(Task).where(Task.source_type == "adjustment")).one()
    assert (task.owner_id, task.state) == (chen.id, TaskState.OPEN)
    transition(ADJUSTMENT, row, "check", chen)
    assert row.state is AdjustmentState.CHECKED
    with pytest.raises(DomainError):
        services.submit(row, figures(heads=2, total=10000), today(), chen)
    assert (row.heads, row.total_base) == (3, Decimal(15000))


def test_bases_outside_of_the_year_go_back_and_what_contradicts_itself_changes_nothing(
    row: Adjustment, chen: User
) -> None:
    with pytest.raises(DomainError):
        services.submit(row, figures(total=1), today(), chen)
    assert (row.state, row.heads) == (AdjustmentState.LISTED, None)
    floor = int(bounds_of(YEAR).lowest_base)
    services.submit(row, figures(lowest=floor - 1, total=floor - 1 + 10000), today(), chen)
    assert row.state is AdjustmentState.RETURNED
    services.submit(row, figures(lowest=floor, total=floor + 10000), today(), chen)
    assert row.state.value == "submitted"
    transition(ADJUSTMENT, row, "return", chen, answers={"note": "花名册与基数表人数不符"})
    assert row.note == "花名册与基数表人数不符"


def test_a_file_submits_returns_and_rejects_with_reasons_and_is_taken_back(
    app: Flask, row: Adjustment, chen: User, tmp_path: Path
) -> None:
    low = create_employer(chen.branch, stage=Stage.CONTRIBUTING, employer_account_no="0301000002")
    create_employer(chen.branch, stage=Stage.SEALED, employer_account_no="0301000003")
    wrong = create_employer(chen.branch, stage=Stage.CONTRIBUTING, employer_account_no="0301000004")
    services.take_in(row.drive)
    file = workbook(
        tmp_path / "bases.xlsx",
        [
            HEADER,
            ["0301000001", "", 3, 15000, 4000, 6000],
            ["0301000002", "", 2, 5000, 1000, 4000],
            ["0301000003", "", 2, 5000, 1000, 4000],
            ["0301000004", "", 2, 90000, 1000, 4000],
            ["0301009999", "", 2, 10000, 5000, 5000],
        ],
    )
    answer = run(app, "imports", "apply", "bases", str(file))
    assert answer["reasons"] == {
        "not_listed": 1, "total": 1, "code.unknown": 1, "below_floor": 1,
    }  # fmt: skip
    states = {one.employer_id: one.state for one in db.session.scalars(select(Adjustment))}
    assert states == {
        row.employer_id: AdjustmentState.SUBMITTED, low.id: AdjustmentState.RETURNED,
        wrong.id: AdjustmentState.LISTED,
    }  # fmt: skip
    again = run(app, "imports", "apply", "bases", str(file))
    assert again["changed"] == 0
    assert run(app, "imports", "undo", str(answer["batch"]))["kept"] == 0
    assert {one.state for one in db.session.scalars(select(Adjustment))} == {AdjustmentState.LISTED}
    last = select(WorkflowHistory.target).where(WorkflowHistory.workflow == "adjustment")
    assert set(db.session.scalars(last.order_by(WorkflowHistory.id.desc()).limit(2))) == {"listed"}


def test_owners_are_reminded_once_near_the_end_and_no_more_when_it_is_submitted(
    row: Adjustment, chen: User
) -> None:
    assert services.keep_up() == 0  # forty days are left
    row.drive.closes_on = today() + timedelta(days=3)
    assert (services.keep_up(), services.keep_up()) == (1, 0)
    task = db.session.scalars(select(Task).where(Task.kind == services.REMIND)).one()
    assert (task.owner_id, task.due_on) == (chen.id, max(today(), on_or_before(row.drive.closes_on)))
    services.submit(row, figures(), today(), chen)
    db.session.refresh(task)
    assert task.state is TaskState.DONE
    row.drive.closes_on = today() - timedelta(days=1)
    assert queries.open_on(today()) is None


def test_lists_and_segments_of_employers_know_the_state_of_the_year(row: Adjustment, chen: User) -> None:
    tree = {"match": "all", "rules": [rule("base_adjustment", "in", ["listed"])]}
    assert count_employers(tree, chen) == 1
    transition(ADJUSTMENT, row, "invite", chen, answers={"invited_on": today()})
    assert count_employers(tree, chen) == 0


def test_the_pages_show_the_progress_and_refuse_who_may_not(
    client: FlaskClient, row: Adjustment, employer: Employer, chen: User
) -> None:
    stranger, chief = create_user(Role.SPECIALIST, branch=create_branch()), create_user(Role.MANAGER)
    db.session.commit()
    sign_in(client, chen)
    page = client.get(f"/adjustment/{YEAR}").get_data(as_text=True)
    assert "基数申报有限公司" in page and "陈静" in page
    form = {"do": "bulk:invite", "ids": row.id, "on": today().isoformat(), "confirmed": "1", "expected": "1"}
    client.post(f"/adjustment/{YEAR}", data=form)
    db.session.refresh(row)
    assert row.state is AdjustmentState.INVITED
    path = f"/adjustment/rows/{row.id}"
    entry = {"heads": 3, "total_base": "15000", "lowest": "4000", "highest": "6000", "submitted_on": today()}
    assert client.post(f"{path}/submit", data={**entry, "lowest": "x"}).status_code == 422
    assert client.post(f"{path}/submit", data=entry).status_code == 303
    assert "核定通过" in client.get(path).get_data(as_text=True)
    assert client.get("/adjustment/open").status_code == 403
    assert client.get("/adjustment/1999").status_code == 404
    sign_in(client, stranger)
    assert client.get(path).status_code == 404
    assert "基数申报有限公司" not in client.get(f"/adjustment/{YEAR}").get_data(as_text=True)
    sign_in(client, chief)
    days = {"opens_on": date(YEAR, 7, 1), "closes_on": date(YEAR, 8, 1)}
    assert client.post(f"/adjustment/{YEAR}/window", data=days).status_code == 303
    assert client.post("/adjustment/open", data={**days, "year": YEAR + 1}).status_code == 303
