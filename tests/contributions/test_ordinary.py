"""The set-wise way of a statement leaves the same database as the row-wise way, for any months."""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import DateTime, select, update

from app.accounts.models import User
from app.contributions.arrears.models import ArrearsCase
from app.contributions.forms import STATEMENT
from app.contributions.models import ContributionFact
from app.contributions.ordinary.services import ORDINARY_LINES
from app.core.db import db
from app.core.importing.spec import Context, ImportSpec, Remember, Taken
from app.core.periods import Period
from app.core.permissions import Role
from app.core.personal.sealed import ID_NUMBER, indexes
from app.employers.models import Contact, Employer, EmployerContact
from app.imports import jobs, services
from app.imports.models import BatchState, ImportBatch, ImportRow
from tests.conftest import sweep_database
from tests.factories import create_branch, create_user
from tests.imports.sample import credit_code_of

HEADER = (
    "单位账号",
    "单位名称",
    "统一社会信用代码",
    "单位账户状态",
    "单位经济类型",
    "缴存人数",
    "封存人数",
    "单位缴存比例",
    "月缴存额",
    "缴至年月",
    "发薪日",
    "经办人姓名",
    "经办人手机号",
    "经办人固定电话号码",
    "经办人证件类型",
    "经办人证件号码",
    "所属街镇",
    "开户日期",
    "首次汇缴年月",
    "单位地址",
    "设立日期",
    "DWYB",
    "单位电子信箱",
    "法人代表姓名",
    "法人代表证件号码",
)
CARDS = ("12010219900307001X", "120102199003070028")
EMPLOYERS = range(6)
MONTHS = (Period(2022, 7), Period(2022, 8), Period(2022, 9))


def seldom(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    """Mostly the usual value."""
    return st.sampled_from([usual] * 3 + list(others))


@st.composite
def lines(draw: st.DrawFn, month: Period) -> list[tuple[Any, ...]]:
    """A month's file: some of the employers, each as it might be that month."""
    numbers = draw(st.lists(st.sampled_from(EMPLOYERS), unique=True, min_size=2))
    return [
        (
            f"0301{draw(seldom(number, (number + 1) % len(EMPLOYERS))):08d}",
            f"示范第{number}号有限公司",
            credit_code_of(number),
            draw(seldom("01", "02", "03", "04", "05", "99")),
            draw(seldom("173", "110", None)),
            draw(seldom(3, 4, 0)),
            draw(seldom(None, 0, 1)),
            draw(seldom(0.05, 0.12, 0.0725, None)),
            draw(seldom(1536, 1536.5, 0, None)),
            draw(seldom(int(month), int(month + -1), int(month + -4), None)),
            draw(seldom(5, 28, None)),
            draw(seldom("王芳", "李强", None)),
            draw(seldom("19900000001", "19900000002", None)),
            draw(seldom(None, "022-66271234", "022-66271235", "不详")),
            draw(seldom(None, "01")),
            draw(seldom(None, *CARDS, "123456")),
            draw(seldom("滨河街道", '东港"街道', None)),
            draw(seldom(None, "2020-01-02", "2021-03-04")),
            draw(seldom(None, 202206)),
            draw(seldom("滨河街1号", "东港街2号", None)),
            draw(seldom("2019-01-02", "2019-03-04", None)),
            draw(seldom("300280", "３００２８０", "无")),
            draw(seldom(None, "office@example.com", "没有")),
            draw(st.sampled_from(["赵立"] * 3 + [None, "王芳"])),
            draw(seldom(None, *CARDS)),
        )
        for number in numbers
    ]


#: what people do to an employer between two files
MEDDLING: Mapping[str, Mapping[str, Any]] = {
    "edited": {"email": "office@example.com"},
    "closing": {"stage": "closing"},
    "dismissed": {"stage": "dismissed"},
    "elsewhere": {"branch_id": 2},
    "merged": {"merged_into_id": 1},
    "without account": {"employer_account_no": None},
    "without code": {"uscc": None},
    "corrected by hand": {"heads": 7, "told": {"heads": ["office", "2022-08-15"]}},
    "mailed by hand": {"email": "hand@example.com", "told": {"email": ["office", "2022-08-15"]}},
    "heard before": {
        "postal_code": "300000",
        "told": {"postal_code": ["statement", "2022-06-30"], "registered_capital": ["office", "2022-08-15"]},
    },
    "registered": {"registry_as_of": date(2022, 8, 10), "name": "改名有限公司"},
    "heard of late": {"source": "bank", "source_as_of": date(2022, 12, 1)},
    "heard of the same day": {"source": "bank", "source_as_of": date(2022, 10, 20)},
}


@dataclass(frozen=True)
class Step:
    month: Period
    lines: Sequence[tuple[Any, ...]]
    late: bool
    meddling: Sequence[tuple[int, str]]


@st.composite
def steps(draw: st.DrawFn) -> list[Step]:
    """Two or three files one after the other, months out of order and repeated among them."""
    months = draw(st.lists(st.sampled_from(MONTHS), min_size=2, max_size=3))
    meddling = st.lists(st.tuples(st.sampled_from(EMPLOYERS), st.sampled_from(sorted(MEDDLING))), max_size=2)
    return [Step(month, draw(lines(month)), draw(st.booleans()), draw(meddling)) for month in months]


def meddle(number: int, kind: str) -> None:
    here = Employer.uscc == credit_code_of(number)
    if kind == "merged":
        here &= Employer.id != 1
    db.session.execute(update(Employer).where(here).values(**MEDDLING[kind]))
    db.session.commit()


def applied(folder: Path, step: Step, spec: ImportSpec, user: User) -> int:
    path = folder / "statement.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *step.lines])
    as_of = date(2022, 10, 20) if step.late else step.month.last_day
    with path.open("rb") as stream:
        batch = services.receive(
            spec, stream, path.name, user, branch=user.branch, as_of=as_of, period=step.month, apply=True
        )
    db.session.commit()
    run(batch.id)
    return batch.id


def run(batch_id: int) -> None:
    jobs.run_batch(batch_id)
    done = db.session.get_one(ImportBatch, batch_id, populate_existing=True)
    assert done.state in (BatchState.APPLIED, BatchState.UNDONE)


#: tables whose ids other tables hold without saying so in the schema
UNSAID = {
    ("import_rows", "record_id"): "employers",
    ("workflow_history", "record_id"): "employers",
    ("tasks", "source_id"): "employers",
    ("workflow_history of arrears", "record_id"): "arrears_cases",
    ("tasks of arrears", "source_id"): "arrears_cases",
    ("tasks of employer_contact", "source_id"): "employer_contacts",
    ("timeline of people.role", "link_id"): "employer_contacts",
    ("timeline of people.show", "link_id"): "contacts",
}
#: the ways differ in these: when things happened, and how they were told apart
BESIDE = {"personal_keys", "audit_events", "audit_heads", "users", "user_roles", "branches"}

#: what notes keep of an identity document, sealed anew each time
SEALED = re.compile(r'("id_number(?:_index)?": )"[^"]+"')

Names = Mapping[tuple[str, int], str]


def names() -> dict[tuple[str, int], str]:
    """What each record is called, whatever its id."""
    session = db.session
    found = {("employers", one.id): f"{one.name}" for one in session.scalars(select(Employer))}
    found |= {("contacts", one.id): f"{one.name} {one.mobile}" for one in session.scalars(select(Contact))}
    for link in session.scalars(select(EmployerContact)):
        who = found["employers", link.employer_id], found["contacts", link.contact_id]
        found["employer_contacts", link.id] = f"{who} {link.since}"
    for case in session.scalars(select(ArrearsCase)):
        found["arrears_cases", case.id] = f"{found['employers', case.employer_id]} {case.first_period}"
    for fact in session.scalars(select(ContributionFact)):
        month = found["employers", fact.employer_id], fact.period, fact.version
        found["contribution_facts", fact.id] = str(month)
    return found


def everything() -> dict[str, list[str]]:
    """All rows of all tables, without moments, and with names in place of ids."""
    called = names()
    return {
        name: sorted(
            str([_told(_table(table, row), column, row._mapping[column], called) for column in table.c])
            for row in db.session.execute(select(table))
        )
        for name, table in db.metadata.tables.items()
        if name not in BESIDE
    }


def _table(table: Any, row: Any) -> str:
    """Histories, tasks and timelines say themselves whose they are."""
    column = {"workflow_history": "workflow", "tasks": "source_type", "timeline": "endpoint"}.get(table.name)
    special = f"{table.name} of {row._mapping[table.c[column]]}" if column else table.name
    return special if any(special == name for name, _column in UNSAID) else table.name


def _told(table: str, column: Any, value: Any, called: Names) -> Any:
    if value is None:
        return None
    if isinstance(getattr(column.type, "impl", None), DateTime):
        return "some time"
    if column.name == "id_number":
        return "sealed anew each time"
    if column.name == "id_number_index":
        return next(card for card in CARDS if value in indexes(card, ID_NUMBER))
    if (table, column.name) == (ImportRow.__tablename__, "notes"):
        # a later run may have removed what an undone row notes
        return [
            SEALED.sub(
                r'\1"sealed"',
                json.dumps({**note, "id": called.get((note["t"], note["id"]), "gone")}, sort_keys=True),
            )
            for note in value
        ]
    home = UNSAID.get((table, column.name)) or next((k.column.table.name for k in column.foreign_keys), None)
    if column.name == "id":
        home = "employers" if table == "employer_search" else table
        return called.get((home, value), "some id")
    if home in ("contacts", "employer_contacts"):
        return called.get((home, value), "gone")  # an undone role is still told of
    return called.get((home, value), value) if home else value


def outcome(folder: Path, story: Sequence[Step], spec: ImportSpec) -> list[Any]:
    """The database after the steps, and after the last is taken back, as one of the ways leaves it."""
    db.session.remove()
    sweep_database()
    branch, _other = create_branch("00", id=1), create_branch("01", id=2)
    user = create_user(Role.SPECIALIST, name="赵专员", branch=branch, id=1)
    db.session.commit()
    batch_id = 0
    for step in story:
        batch_id = applied(folder, step, spec, user)
        for number, kind in step.meddling:
            meddle(number, kind)
    states = [everything()]
    services.start_undoing(db.session.get_one(ImportBatch, batch_id))
    db.session.commit()
    run(batch_id)
    return [*states, everything()]


@pytest.fixture
def ways(app: Flask) -> Any:
    """Both ways of the statement, under its own name one after the other."""
    specs: dict[str, Any] = app.extensions["features"].import_specs
    row_wise = replace(STATEMENT, setwise=None)

    def each(folder: Path, story: Sequence[Step]) -> list[Any]:
        found = []
        for spec in (STATEMENT, row_wise):
            specs[STATEMENT.name] = spec
            found.append(outcome(folder, story, spec))
        return found

    yield each
    specs[STATEMENT.name] = STATEMENT


# without shrinking, which takes minutes where an example takes seconds
@given(story=steps())
@settings(
    max_examples=6,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_the_months_say_both_ways_leave_the_same(
    ways: Any, tmp_path: Path, story: list[Step]
) -> None:
    set_wise, row_wise = ways(tmp_path, story)
    for mine, theirs in zip(set_wise, row_wise, strict=True):
        for table, rows in theirs.items():
            assert mine[table] == rows, table


def test_neither_what_the_file_is_silent_of_nor_people_and_documents_that_are_known_cost_the_shortcut(
    app: Flask, tmp_path: Path
) -> None:
    left: list[int] = []

    def take(context: Context, remember: Remember) -> Taken:
        taken = ORDINARY_LINES.take(context, remember)
        left.extend(taken.left)
        return taken

    specs: dict[str, Any] = app.extensions["features"].import_specs
    specs[STATEMENT.name] = replace(STATEMENT, setwise=replace(ORDINARY_LINES, take=take))
    user = create_user(Role.SPECIALIST, branch=create_branch("00"))
    told = {"email": ["office", "2022-08-15"], "registered_capital": ["office", "2022-08-15"]}
    try:
        for month in MONTHS:
            said = (None, 3, None, 0.05, 1536, int(month), 5)
            rows = [
                (
                    *(f"03010000000{n}", f"示范第{n}号有限公司", credit_code_of(n), "01", *said),
                    *("王芳", f"1990000000{n}", "022-66271234", None, CARDS[n - 1], *[None] * 7),
                    *("赵立" if n == 1 else "王芳", CARDS[n - 1] if n == 2 else None),
                )
                for n in (1, 2)
            ]
            applied(tmp_path, Step(month, rows, False, ()), specs[STATEMENT.name], user)
            if month == MONTHS[0]:
                given = {"email": "hand@example.com", "told": told}
                db.session.execute(update(Employer).where(Employer.uscc == credit_code_of(1)).values(**given))
                given = {"postal_code": "300000"}
                db.session.execute(update(Employer).where(Employer.uscc == credit_code_of(2)).values(**given))
                db.session.commit()
    finally:
        specs[STATEMENT.name] = STATEMENT
    # the one of which nobody is remembered goes the long way once, and is remembered from then on
    assert left == [3]
    remembered = db.session.scalars(select(Employer.told).order_by(Employer.uscc)).all()
    assert remembered == [told, {"postal_code": ["statement", "2022-07-31"]}]
