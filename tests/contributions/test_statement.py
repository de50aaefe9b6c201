"""The department's real statement, through the engine and the command line."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from app.contributions.models import ContributionFact
from app.contributions.policy import stage_for
from app.contributions.reminding.policy import REMINDER
from app.core.clock import today
from app.core.db import db
from app.core.periods import Period
from app.core.timeline import TimelineEntry
from app.core.workflow.engine import WorkflowHistory
from app.employers.models import AccountStatus, Contact, Employer, Stage
from app.employers.search.models import SEARCH
from app.employers.search.queries import search
from app.employers.search.services import reindex
from app.imports.reading import services as reading
from app.lifecycle.closing.helping.services import HELP
from app.tasks.models import DEADLINE, Task, TaskState
from app.tasks.services import open_task
from tests.factories import create_branch
from tests.imports.sample import credit_code_of
from tests.spreadsheets import workbook

AUGUST, SEPTEMBER = "contributions_2022-08.xlsx", "contributions_2022-09.xlsx"

#: counted by hand from the file: paid-through, pay day + 5, as of 30 September 2022
IN_SEPTEMBER = {
    Stage.CONTRIBUTING: 436,
    Stage.IN_ARREARS: 23,
    Stage.REGISTERED: 6,
    Stage.ON_RELIEF: 4,
    Stage.SEALED: 8,
    Stage.CLOSED: 6,
}
ARREARS_IN_SEPTEMBER = {1: 12, 2: 6, 3: 2, 4: 2, 9: 1}


def apply(app: Flask, spec: str, file: Path, *more: str) -> dict[str, Any]:
    db.session.commit()
    arguments = ["imports", "apply", spec, str(file), *more, "--json"]
    result = app.test_cli_runner().invoke(args=arguments)
    assert result.exit_code == 0, result.output
    db.session.expire_all()
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def stages() -> Counter[Stage]:
    return Counter(db.session.scalars(select(Employer.stage)))


@pytest.fixture
def department(app: Flask) -> Flask:
    create_branch("00")
    db.session.commit()
    return app


def test_the_statement_sets_accounts_heads_rates_handlers_and_stages(
    department: Flask, shared_data: Path
) -> None:
    answer = apply(department, "statement", shared_data / SEPTEMBER, "--as-of", "2022-09-30")
    assert (answer["rows"], answer["new"], answer["rejected"]) == (483, 483, 0)
    assert stages() == IN_SEPTEMBER
    months = Counter(db.session.scalars(select(Employer.arrears_months).where(Employer.arrears_months > 0)))
    assert months == ARREARS_IN_SEPTEMBER
    giant = db.session.scalars(select(Employer).where(Employer.employer_account_no == "030100000004")).one()
    assert (giant.heads, str(giant.employer_rate), str(giant.monthly_amount)) == (
        17800,
        "0.1100",
        "43988428.00",
    )
    assert (giant.paid_through, giant.pay_day) == (Period(2022, 9), 8)
    assert [(link.contact.name, link.contact.mobile) for link in giant.contacts] == [
        ("高霞刚", "19900000003")
    ]


def test_an_account_that_matches_a_prospect_by_code_is_that_prospect(
    department: Flask, shared_data: Path
) -> None:
    first = apply(department, "registry", shared_data / "registry_binhai.csv")
    assert (first["new"], first["rejected"]) == (12057, 0)
    not_obliged = select(func.count()).where(Employer.eligible.is_(False), Employer.uscc.startswith("92"))
    assert db.session.scalar(not_obliged) == 104
    answer = apply(department, "statement", shared_data / SEPTEMBER)
    assert (answer["new"], answer["changed"]) == (0, 483)
    assert stages() == IN_SEPTEMBER | {Stage.PROSPECT: 12057 - 483}


def test_without_an_as_of_date_arrears_are_reckoned_at_the_end_of_the_statements_month(
    department: Flask, shared_data: Path
) -> None:
    apply(department, "statement", shared_data / SEPTEMBER)
    assert stages() == IN_SEPTEMBER


def test_the_same_statement_again_changes_nothing(department: Flask, shared_data: Path) -> None:
    apply(department, "statement", shared_data / SEPTEMBER)
    before = [db.session.scalar(select(func.count()).select_from(model)) for model in COUNTED]
    answer = apply(department, "statement", shared_data / SEPTEMBER)
    assert (answer["unchanged"], answer["changed"], answer["new"]) == (483, 0, 0)
    assert [db.session.scalar(select(func.count()).select_from(model)) for model in COUNTED] == before


def test_new_employers_read_ahead_are_found_as_if_they_were_indexed_one_by_one(
    department: Flask, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LARGE", 0)
    answer = apply(department, "statement", shared_data / SEPTEMBER)
    assert (answer["new"], stages()) == (483, IN_SEPTEMBER)
    columns = select(*SEARCH.columns).order_by(SEARCH.c.id)
    prepared = db.session.execute(columns).all()
    db.session.execute(delete(SEARCH))
    assert reindex() == 483
    assert db.session.execute(columns).all() == prepared
    assert [group.total for group in search("高霞刚", None)] == [1]


COUNTED = (Employer, ContributionFact, Contact, TimelineEntry, WorkflowHistory)


def test_an_older_statement_adds_its_facts_and_leaves_the_employers_as_they_are(
    department: Flask, shared_data: Path
) -> None:
    apply(department, "statement", shared_data / SEPTEMBER)
    answer = apply(department, "statement", shared_data / AUGUST)
    assert (answer["new"], answer["changed"]) == (0, 483)
    assert stages() == IN_SEPTEMBER
    periods = Counter(db.session.scalars(select(ContributionFact.period)))
    assert periods == {Period(2022, 8): 483, Period(2022, 9): 483}
    assert set(db.session.scalars(select(Employer.statement_period))) == {Period(2022, 9)}


def test_a_move_into_arrears_keeps_the_statement_line_as_its_evidence(
    department: Flask, shared_data: Path
) -> None:
    apply(department, "statement", shared_data / AUGUST)
    apply(department, "statement", shared_data / SEPTEMBER)
    moved = db.session.scalars(
        select(WorkflowHistory).where(
            WorkflowHistory.source == "contributing", WorkflowHistory.target == "in_arrears"
        )
    ).all()
    assert len(moved) == 11  # 12 of August were behind already; 23 are in September
    assert {row.actor_id for row in moved} == {None}
    assert {row.evidence["statement"] for row in moved} == {"202209"}
    assert all(row.evidence["months"] >= 1 and row.evidence["paid_through"] for row in moved)


def test_undo_takes_a_statement_back_stages_and_handlers_included(
    department: Flask, shared_data: Path
) -> None:
    apply(department, "statement", shared_data / AUGUST)
    in_august = stages()
    batch = apply(department, "statement", shared_data / SEPTEMBER)["batch"]
    result = department.test_cli_runner().invoke(args=["imports", "undo", str(batch), "--json"])
    assert json.loads(result.stdout)["kept"] == 0
    db.session.expire_all()
    assert stages() == in_august
    assert set(db.session.scalars(select(ContributionFact.period))) == {Period(2022, 8)}
    last = select(WorkflowHistory.transition).order_by(WorkflowHistory.id.desc()).limit(1)
    assert db.session.scalar(last) == "restored"


@pytest.mark.parametrize(
    ("status", "paid", "months", "stage"),
    [
        ("01", Period(2022, 9), 0, Stage.CONTRIBUTING),
        ("01", Period(2022, 7), 2, Stage.IN_ARREARS),
        ("01", None, 0, Stage.REGISTERED),
        ("01", None, 2, Stage.IN_ARREARS),
        ("02", None, 0, Stage.REGISTERED),
        ("02", Period(2022, 9), 0, Stage.CONTRIBUTING),
        ("03", Period(2022, 1), 0, Stage.ON_RELIEF),
        ("04", Period(2022, 1), 0, Stage.CLOSED),
        ("05", Period(2022, 1), 0, Stage.SEALED),
        ("99", Period(2022, 9), 0, None),
    ],
)
def test_each_account_status_proves_its_stage(
    status: str, paid: Period | None, months: int, stage: Stage | None
) -> None:
    assert stage_for(AccountStatus(status), paid, months) is stage


def test_a_new_employer_goes_with_its_undone_import_unless_a_person_worked_on_it(
    department: Flask, shared_data: Path
) -> None:
    batch = apply(department, "statement", shared_data / SEPTEMBER)["batch"]
    worked_on, urged, *_others = db.session.scalars(
        select(Employer).where(Employer.stage == Stage.IN_ARREARS)
    )
    open_task("other", "call back", today(), employer=worked_on)
    for kind in (REMINDER, HELP):
        open_task(kind, "asked for by the house itself", today(), employer=urged, source=("test", urged.id))
    db.session.commit()
    result = department.test_cli_runner().invoke(args=["imports", "undo", str(batch), "--json"])
    answer = json.loads(result.stdout)
    assert (answer["undone"], answer["kept"]) == (482, 1)
    db.session.expire_all()
    assert db.session.scalars(select(Employer.id)).all() == [worked_on.id]
    assert {task.employer_id for task in db.session.scalars(select(Task))} == {worked_on.id}


def test_undo_settles_the_deadlines_of_the_stages_it_takes_back(department: Flask, shared_data: Path) -> None:
    apply(department, "statement", shared_data / AUGUST)
    before = open_deadlines()
    batch = apply(department, "statement", shared_data / SEPTEMBER)["batch"]
    assert len(open_deadlines()) > len(before)
    department.test_cli_runner().invoke(args=["imports", "undo", str(batch), "--json"])
    db.session.expire_all()
    assert open_deadlines() == before


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_an_account_number_that_comes_twice_in_a_file_is_its_first_lines(
    department: Flask, tmp_path: Path, more: tuple[str, ...]
) -> None:
    header = ["单位账号", "单位名称", "统一社会信用代码", "单位账户状态", "缴存人数"]
    rows = [["030100000001", f"示范第{n}号公司", credit_code_of(n), "01", 5] for n in (1, 2)]
    file = workbook(tmp_path / "twice.xlsx", [["2022年9月"], header, *rows])
    answer = apply(department, "statement", file, *more)
    assert (answer["new"], answer["rejected"]) == (1, 1)
    assert answer["reasons"] == {"employer_account_no.account_taken": 1}


def open_deadlines() -> set[int | None]:
    query = select(Task.employer_id).where(Task.kind == DEADLINE, Task.state == TaskState.OPEN)
    return set(db.session.scalars(query))
