"""Handlers by statement: who takes over is welcomed, a new number stays one person, undo puts all back."""

import json
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core.clock import today
from app.core.db import db
from app.core.timeline import TimelineEntry
from app.employers.models import Contact, Employer, EmployerContact
from app.employers.people.services.editing import NEW_NUMBER
from app.employers.people.services.serving import HANDED_OVER
from app.employers.search.queries import matching
from app.imports.models import ImportRow
from app.tasks.models import Task, TaskState
from tests.contributions.statements import HEADER, apply, line, run, statement, take_back
from tests.factories import create_branch
from tests.spreadsheets import workbook

OLD, NEW = "13800138000", "13900139000"


@pytest.fixture
def department(app: Flask, tmp_path: Path) -> Flask:
    """Two employers of one handler."""
    create_branch("00")
    db.session.commit()
    apply(app, of(tmp_path, "2022年8月", ("王芳", OLD), ("王芳", OLD)))
    return app


def of(folder: Path, month: str, *handlers: tuple[str | None, str | None]) -> Path:
    rows: list[list[Any]] = [
        [*line(number, 202208), *handler] for number, handler in enumerate(handlers, start=1)
    ]
    heads = [*HEADER, "经办人姓名", "经办人手机号"]
    return workbook(folder / f"{month}-{len(list(folder.iterdir()))}.xlsx", [[month], heads, *rows])


def in_order(folder: Path, month: str, handlers: Sequence[tuple[int, str]]) -> Path:
    """Lines of 王芳 in this order: the employer's number, and the mobile that it gives."""
    rows = [[*line(number, 202208), "王芳", mobile] for number, mobile in handlers]
    heads = [*HEADER, "经办人姓名", "经办人手机号"]
    return workbook(folder / f"{month}-{len(list(folder.iterdir()))}.xlsx", [[month], heads, *rows])


def present() -> list[tuple[str, str | None]]:
    query = select(Contact.name, Contact.mobile).join(EmployerContact)
    query = query.where(EmployerContact.until.is_(None)).order_by(EmployerContact.employer_id)
    return [(name, mobile) for name, mobile in db.session.execute(query)]


def welcomes() -> list[tuple[str, TaskState]]:
    query = select(Task).where(Task.kind == "welcome").order_by(Task.id)
    return [(one.params["name"], one.state) for one in db.session.scalars(query)]


def told(summary: str) -> int:
    query = select(func.count()).where(TimelineEntry.summary == summary)
    return db.session.scalar(query) or 0


def test_who_takes_over_is_welcomed_but_nobody_who_is_first_and_undo_forgets_it(
    department: Flask, tmp_path: Path
) -> None:
    assert welcomes() == []
    file = of(tmp_path, "2022年9月", ("赵敏", NEW), ("王芳", OLD))
    batch = apply(department, file)["batch"]
    assert present() == [("赵敏", NEW), ("王芳", OLD)]
    assert welcomes() == [("赵敏", TaskState.OPEN)]
    assert told(HANDED_OVER) == 1
    take_back(department, batch)
    assert present() == [("王芳", OLD), ("王芳", OLD)]
    assert welcomes() == [("赵敏", TaskState.CANCELLED)]
    assert db.session.scalars(select(Employer.id).where(matching(NEW[3:]))).all() == []


def test_the_same_handler_with_a_new_number_stays_one_person_and_undo_gives_the_old_number_back(
    department: Flask, tmp_path: Path
) -> None:
    batch = apply(department, of(tmp_path, "2022年9月", ("王芳", NEW), ("王芳", NEW)))["batch"]
    assert present() == [("王芳", NEW), ("王芳", NEW)]
    assert db.session.scalar(select(func.count()).select_from(Contact)) == 1
    assert (welcomes(), told(NEW_NUMBER)) == ([], 2)  # once at each employer
    assert len(db.session.scalars(select(Employer.id).where(matching(NEW[3:]))).all()) == 2
    take_back(department, batch)
    assert present() == [("王芳", OLD), ("王芳", OLD)]
    assert db.session.scalars(select(Employer.id).where(matching(NEW[3:]))).all() == []


def test_a_verified_number_stays_and_is_remarked(department: Flask, tmp_path: Path) -> None:
    db.session.scalars(select(Contact)).one().verified_on = today()
    apply(department, of(tmp_path, "2022年9月", ("王芳", NEW), ("王芳", OLD)))
    assert present() == [("王芳", OLD), ("王芳", OLD)]
    assert "verified_stays" in json.dumps([str(row.reasons) for row in db.session.scalars(select(ImportRow))])


@pytest.mark.databases("sqlite")
def test_one_handler_with_several_numbers_has_at_each_employer_the_number_of_its_line_in_any_order(
    department: Flask, tmp_path: Path
) -> None:
    third = "13700137000"
    apply(department, of(tmp_path, "2022年8月", ("王芳", OLD), ("王芳", OLD), ("王芳", OLD)))
    said = ((1, NEW), (2, third), (3, OLD))
    several: list[Sequence[tuple[int, str]]] = [[said[1]], [said[2]], [said[0]]]
    for files in ([said], [said[::-1]], several):
        batches = [apply(department, in_order(tmp_path, "2022年9月", lines))["batch"] for lines in files]
        assert present() == [("王芳", NEW), ("王芳", third), ("王芳", OLD)], files
        for batch in reversed(batches):
            take_back(department, batch)
    assert (present(), welcomes()) == ([("王芳", OLD)] * 3, [])


@pytest.mark.databases("sqlite")
def test_a_number_of_one_employer_alone_is_remarked_and_told_there(department: Flask, tmp_path: Path) -> None:
    apply(department, of(tmp_path, "2022年9月", ("王芳", OLD), ("王芳", NEW)))
    assert "other_number" in json.dumps([str(row.reasons) for row in db.session.scalars(select(ImportRow))])
    assert told(NEW_NUMBER) == 1
    found = [db.session.scalars(select(Employer.id).where(matching(one[3:]))).all() for one in (OLD, NEW)]
    assert [len(one) for one in found] == [1, 1]
    apply(department, of(tmp_path, "2022年10月", ("王芳", NEW), ("王芳", NEW)))
    assert present() == [("王芳", NEW), ("王芳", NEW)]


EARLY, LATE, MIDDLE = "1380013800{}", "1380013801{}", "1380013802{}"
#: whom two statements name with which number, and whom a list dated between them; an employer each
STORIES = (
    (("王芳", EARLY), ("王芳", EARLY), ("赵敏", MIDDLE)),
    (("李强", EARLY), ("李强", EARLY), ("李强", MIDDLE)),
    (("周磊", EARLY), (None, None), ("吴勇", MIDDLE)),
    (("郑洋", EARLY), (None, None), ("郑洋", MIDDLE)),
    (("冯静", EARLY), ("冯静", LATE), ("陈杰", MIDDLE)),
)


@pytest.mark.databases("sqlite")
def test_statements_and_a_list_dated_between_them_give_the_same_handlers_in_any_order(
    app: Flask, tmp_path: Path
) -> None:
    create_branch("00")
    numbers = range(1, len(STORIES) + 1)
    # the list needs employers: a month before has them all, without handlers
    apply(app, statement(tmp_path, "2022年6月", [line(number, 202206) for number in numbers]))

    def told(place: int) -> list[tuple[str | None, str | None]]:
        return [(who, said and said.format(n)) for n, (who, said) in enumerate(one[place] for one in STORIES)]

    roles = [
        [line(n, None)[2], who, "经办人", mobile] for n, (who, mobile) in zip(numbers, told(2), strict=True)
    ]
    people = workbook(tmp_path / "people.xlsx", [["统一社会信用代码", "姓名", "角色", "手机号"], *roles])
    files = (
        ("statement", str(of(tmp_path, "2022年8月", *told(0)))),
        ("statement", str(of(tmp_path, "2022年9月", *told(1)))),
        ("contacts", str(people), "--as-of", "2022-09-15"),
    )
    for order in permutations(files):
        batches = [run(app, "imports", "apply", *words)["batch"] for words in order]
        assert present() == [
            ("王芳", EARLY.format(0)),
            ("李强", EARLY.format(1)),
            ("吴勇", MIDDLE.format(2)),
            ("郑洋", MIDDLE.format(3)),
            ("冯静", LATE.format(4)),
        ], order
        for batch in reversed(batches):
            take_back(app, batch)
        assert present() == []


L1, L2 = "022-66271201", "022-66271202"
TWICE = "13700137000"
#: name, mobile, landline and legal representative of five employers in three months: a repeated word counts,
#: a silence does not, whoever follows brings numbers of their own, and who serves two has one landline
MONTHS = (
    (
        "2022年7月",
        (
            ("王芳", OLD, L1, "赵立"), ("李强", OLD, L1, None), ("郑洋", NEW[:-1] + "1", None, "赵立"),
            ("何敏", TWICE, L1, None), ("何敏", TWICE, None, None),
        ),
    ),
    (
        "2022年8月",
        (
            ("王芳", NEW, L2, "钱进"), ("周磊", None, None, "赵立"), ("郑洋", None, L2, None),
            ("何敏", TWICE, None, None), ("何敏", TWICE, L2, None),
        ),
    ),
    (
        "2022年9月",
        (
            ("王芳", OLD, L1, None), ("周磊", None, L2, None), ("郑洋", OLD[:-1] + "1", None, None),
            ("何敏", TWICE, L1, None), ("何敏", TWICE, None, None),
        ),
    ),
)  # fmt: skip


@pytest.mark.databases("sqlite")
def test_three_months_in_any_order_leave_the_same_handlers_landlines_and_representatives(
    app: Flask, tmp_path: Path
) -> None:
    create_branch("00")
    heads = [*HEADER, "经办人姓名", "经办人手机号", "经办人固定电话号码", "法人代表姓名"]
    files = [
        workbook(
            tmp_path / f"{month}.xlsx",
            [[month], heads, *([*line(n, 202206), *who] for n, who in enumerate(said, start=1))],
        )
        for month, said in MONTHS
    ]
    people = select(Employer.employer_account_no, Contact.name, Contact.mobile, Contact.landline)
    people = people.join(EmployerContact, EmployerContact.employer_id == Employer.id)
    people = people.join(Contact, Contact.id == EmployerContact.contact_id)
    days = select(Employer.handler_named_on, Employer.handler_number_on, Employer.handler_landline_on)
    found = []
    for order in permutations(files):
        batches = [apply(app, file)["batch"] for file in order]
        there = db.session.execute(people.where(EmployerContact.until.is_(None))).all()
        dated = db.session.execute(days.order_by(Employer.employer_account_no)).all()
        found.append((sorted(tuple(str(one) for one in row) for row in there), [tuple(one) for one in dated]))
        for batch in reversed(batches):
            take_back(app, batch)
        assert db.session.scalar(select(func.count()).select_from(Employer)) == 0
    assert all(one == found[0] for one in found)
    assert [who[1:] for who in found[0][0]] == [
        ("王芳", OLD, L1),
        ("钱进", "None", "None"),
        ("周磊", "None", L2),
        ("赵立", "None", "None"),
        ("赵立", "None", "None"),
        ("郑洋", OLD[:-1] + "1", L2),
        ("何敏", TWICE, L1),
        ("何敏", TWICE, L1),
    ]


@pytest.mark.databases("sqlite")
def test_a_month_that_comes_again_with_both_numbers_of_a_handler_new_is_read(
    app: Flask, tmp_path: Path
) -> None:
    create_branch("00")
    heads = [*HEADER, "经办人姓名", "经办人手机号", "经办人固定电话号码"]
    for mobile, landline in ((OLD, L1), (NEW, L2)):
        path = tmp_path / f"{mobile}.xlsx"
        batch = apply(
            app, workbook(path, [["2022年8月"], heads, [*line(1, 202208), "王芳", mobile, landline]])
        )
    one = db.session.scalars(select(Contact)).one()
    assert (one.mobile, one.landline) == (NEW, L2)
    take_back(app, batch["batch"])
    assert (one.mobile, one.landline) == (OLD, L1)
