"""Whatever the order in which an office imports its files, it has the same employers."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.accounts.models import Branch
from app.core.db import db, writing
from app.core.periods import Period
from app.employers.models import Contact, Employer, EmployerContact
from app.employers.sources.models import EmployerSource
from app.imports import jobs, queries, services
from app.imports.models import BatchState, ImportBatch
from tests.conftest import sweep_database
from tests.factories import create_branch
from tests.imports.sample import credit_code_of
from tests.spreadsheets import csv_file

HEADERS = {
    "registry": (
        "统一社会信用代码",
        "企业名称",
        "注册日期",
        "注册资金",
        "地区",
        "注册地址",
        "行业",
        "登记状态",
    ),
    "statement": (
        *("统一社会信用代码", "单位名称", "单位账号", "单位账户状态", "缴存人数"),
        *("缴至年月", "发薪日", "所属街镇", "开户日期"),
        *("单位地址", "设立日期", "单位邮编"),
        *("经办人姓名", "经办人手机号", "经办人固定电话号码", "法人代表姓名"),
    ),
    "bank_accounts": ("统一社会信用代码", "企业名称", "开户日期", "开户网点", "地址"),
    "social_insurance": ("统一社会信用代码", "单位名称", "参保人数", "所属街镇"),
}
#: each file's kind and day; the statement's day is the end of its month
FILES = (
    ("registry", date(2021, 5, 1)),
    ("registry", date(2022, 10, 10)),
    ("statement", date(2022, 7, 31)),
    ("statement", date(2022, 8, 31)),
    ("statement", date(2022, 9, 30)),
    ("bank_accounts", date(2022, 8, 31)),
    ("bank_accounts", date(2022, 9, 30)),
    ("social_insurance", date(2022, 7, 31)),
    ("social_insurance", date(2022, 9, 30)),
)
#: what says nothing of an employer: keys, and when and in which order rows were written
UNCOMPARED = {"id", "created_at", "updated_at", "stage_since"}


@dataclass(frozen=True)
class File:
    kind: str
    as_of: date
    rows: tuple[tuple[str, ...], ...]


def spellings(firm: int) -> list[str]:
    """Firms of even number keep their name, however it is written; the others have been renamed once."""
    if firm % 2 == 0:
        return [f"测试{firm}（天津）有限公司", f"测试{firm}(天津) 有限责任公司"]
    return [f"测试{firm}有限公司", f"改名{firm}有限公司", f"改名{firm}有限责任公司"]


@st.composite
def rows(draw: st.DrawFn, kind: str, as_of: date, firm: int) -> tuple[str, ...]:
    """A row about the firm. Only one that keeps its name is ever listed without its code."""

    def blank_or(*values: str) -> str:
        return draw(st.sampled_from(("", *values)))

    code, name = credit_code_of(firm), draw(st.sampled_from(spellings(firm)))
    if kind == "registry":
        return (
            code,
            name,
            blank_or("2019-01-01", "2020-02-02"),
            blank_or("10万", "20万"),
            *(
                blank_or("滨海", "东丽"),
                blank_or("一号", "二号"),
                blank_or("批发业", "5211", "修表"),
                blank_or("存续", "吊销，未注销"),
            ),
        )
    if kind == "statement":
        return (
            code,
            name,
            f"0301{firm:08d}",
            *draw(accounts(as_of)),
            *(
                blank_or("8", "15"),
                blank_or("太平镇", "中塘镇"),
                blank_or("2020-01-01", "2021-01-01"),
                blank_or("一号", "五号"),
                blank_or("2019-01-01", "2018-01-01"),
                blank_or("300280", "300281"),
            ),
            *draw(people(firm)),
        )
    listed = draw(st.sampled_from((code, code.lower(), "") if firm % 2 == 0 else (code,)))
    if kind == "bank_accounts":
        return listed, name, blank_or("2022/8/1"), blank_or("油田支行"), blank_or("三号", "四号")
    return listed, name, draw(st.sampled_from(("7", "30"))), blank_or("港西街道", "海滨街道")


@st.composite
def people(draw: st.DrawFn, firm: int) -> tuple[str, str, str, str]:
    """Handler with mobile and landline, and legal representative; nobody serves two firms."""
    who = draw(st.sampled_from(("", "甲", "甲", "乙")))
    mobile, landline = (draw(st.sampled_from(("", "1", "2"))) for _ in range(2))
    return (
        who and f"{who}{firm}",
        who and mobile and f"199000{ord(who):05d}"[:9] + f"{firm}{mobile}",
        who and landline and f"022-6627{firm}{ord(who) % 10}0{landline}",
        draw(st.sampled_from(("", f"丙{firm}", f"丁{firm}"))),
    )


@st.composite
def accounts(draw: st.DrawFn, as_of: date) -> tuple[str, str, str]:
    """Status, heads and paid-through month; who has ever paid is not shown later as one that never did."""
    paid = draw(st.sampled_from(("202206", "202207", "202208")))
    status = draw(st.sampled_from(("01", "03", "04", "05", "99")))
    if as_of.month == 8 and draw(st.booleans()):
        return "02", "0", ""
    return status, draw(st.sampled_from(("0", "12"))), paid


@st.composite
def offices(draw: st.DrawFn) -> tuple[list[File], list[int]]:
    """Some files, and another order of them."""
    files = []
    for kind, as_of in draw(st.lists(st.sampled_from(FILES), min_size=2, max_size=6, unique=True)):
        firms = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4, unique=True))
        files.append(File(kind, as_of, tuple(draw(rows(kind, as_of, firm)) for firm in firms)))
    return files, list(draw(st.permutations(range(len(files)))))


def received(folder: Path, files: Sequence[File], branch: Branch) -> list[int]:
    """A batch for each file, to be applied at once."""
    found = []
    for number, one in enumerate(files):
        path = csv_file(folder / f"{number}.csv", [HEADERS[one.kind], *one.rows])
        with path.open("rb") as stream:
            batch = services.receive(
                queries.spec_named(one.kind), stream, path.name, None, branch=branch, as_of=one.as_of,
                period=Period.of(one.as_of) if one.kind == "statement" else None, apply=True,
            )  # fmt: skip
        found.append(batch.id)
    db.session.commit()
    return found


def left_behind(batches: Sequence[int]) -> tuple[list[Any], list[Any], list[Any]]:
    """The employers, what lists said of them and who serves them, after these batches."""
    for batch_id in batches:
        batch = db.session.get_one(ImportBatch, batch_id, populate_existing=True)
        assert (batch.state, batch.rejected) == (BatchState.APPLIED, 0)
    columns = [column for column in Employer.__table__.c if column.name not in UNCOMPARED | {"branch_id"}]
    employers = [dict(row._mapping) for row in db.session.execute(select(*columns))]
    words = select(Employer.uscc, EmployerSource.source, EmployerSource.as_of, EmployerSource.told_by).join(
        Employer, Employer.id == EmployerSource.employer_id
    )
    served = (
        select(Employer.uscc, EmployerContact.role, Contact.name, Contact.mobile, Contact.landline)
        .join(EmployerContact, EmployerContact.employer_id == Employer.id)
        .join(Contact, Contact.id == EmployerContact.contact_id)
        .where(EmployerContact.until.is_(None))
    )
    found = (
        sorted(employers, key=lambda one: (one["uscc"] or "", one["name_key"])),
        sorted([tuple(row) for row in db.session.execute(words)], key=str),
        sorted([tuple(row) for row in db.session.execute(served)], key=str),
    )
    db.session.rollback()
    return found


def imported(folder: Path, files: Sequence[File]) -> tuple[list[Any], list[Any], list[Any]]:
    """What these files in this order leave on an empty database."""
    sweep_database()
    batches = received(folder, files, create_branch("00"))
    for batch_id in batches:
        jobs.run_batch(batch_id)
    return left_behind(batches)


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(office=offices())
def test_the_same_files_in_any_order_give_the_same_employers(
    app: Flask, tmp_path: Path, office: tuple[list[File], list[int]]
) -> None:
    files, order = office
    assert imported(tmp_path, files) == imported(tmp_path, [files[number] for number in order])


FIRMS = range(1, 201)
#: four files of the same day's work, which all tell of the same firms
AT_ONCE = (
    File(
        "registry",
        date(2022, 10, 10),
        tuple(
            (credit_code_of(n), f"甲{n}公司", "2022-01-05", "100万元", "", f"一路{n}号", "", "存续")
            for n in FIRMS
        ),
    ),
    File(
        "bank_accounts",
        date(2022, 9, 30),
        tuple((credit_code_of(n), f"甲{n}有限公司", "2022-02-03", "一支行", f"二路{n}号") for n in FIRMS),
    ),
    File(
        "bank_accounts",
        date(2022, 8, 31),
        tuple((credit_code_of(n), f"甲{n}有限公司", "2022-02-04", "二支行", f"三路{n}号") for n in FIRMS),
    ),
    File(
        "social_insurance",
        date(2022, 9, 30),
        tuple((credit_code_of(n), f"甲{n}有限责任公司", str(n + 3), "") for n in FIRMS),
    ),
)


def test_files_that_are_applied_at_the_same_moment_leave_what_they_leave_one_after_the_other(
    app: Flask, tmp_path: Path
) -> None:
    expected = imported(tmp_path, AT_ONCE)
    sweep_database()
    batches = received(tmp_path, AT_ONCE, create_branch("00"))
    db.session.remove()
    start = threading.Barrier(len(batches))

    def work(batch_id: int) -> None:
        with app.app_context(), writing():
            start.wait()
            jobs.run_batch(batch_id)
            db.session.remove()

    threads = [threading.Thread(target=work, args=(batch_id,)) for batch_id in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert left_behind(batches) == expected
