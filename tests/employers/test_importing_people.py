"""Lists of contacts through the real engine: whom they mean, what they may change, and taken back whole."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import Branch
from app.core.db import db
from app.core.permissions import Role
from app.employers.models import Contact, ContactRole, Employer, EmployerContact
from app.employers.people.services.editing import Person, edit
from app.employers.people.services.serving import Mandate, person_for, take_up
from app.employers.search.queries import matching
from app.imports.models import ImportRow
from app.personal.queries import values_by_key
from app.tasks.models import Task, TaskState
from tests import spreadsheets
from tests.contributions.statements import HEADER as STATEMENT_HEADER
from tests.contributions.statements import apply, line
from tests.factories import create_branch, create_contact, create_employer, create_user, seed_codes
from tests.imports.sample import credit_code_of

HEADER = ["统一社会信用代码", "单位账号", "角色", "姓名", "手机号", "固定电话", "邮箱", "任职日期"]
WITH_PAPERS = [*HEADER[:5], "证件类型", "证件号码"]
OLD, NEW = "13812345678", "13900139000"


@pytest.fixture
def branch(app: Flask) -> Branch:
    seed_codes()
    return create_branch("00")


@pytest.fixture
def harbour(branch: Branch) -> Employer:
    return create_employer(branch, name="滨海港务", uscc=credit_code_of(1), employer_account_no="990001")


def command(app: Flask, *words: str) -> dict[str, Any]:
    db.session.commit()
    result = app.test_cli_runner().invoke(args=["imports", *words, "--json"])
    assert result.exit_code == 0, result.output
    db.session.expire_all()
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def take_in(
    app: Flask,
    folder: Path,
    *rows: list[Any],
    day: str = "2026-11-01",
    header: list[str] = HEADER,
    options: tuple[str, ...] = (),
) -> dict[str, Any]:
    file = spreadsheets.workbook(folder / f"{len(list(folder.iterdir()))}.xlsx", [header, *rows])
    return command(app, "apply", "contacts", str(file), "--as-of", day, *options)


def counts(answer: dict[str, Any]) -> tuple[int, ...]:
    return tuple(answer[name] for name in ("new", "changed", "unchanged", "rejected"))


def present(employer: Employer) -> set[tuple[str, str, str | None]]:
    query = select(EmployerContact).where(
        EmployerContact.employer_id == employer.id, EmployerContact.until.is_(None)
    )
    return {(one.contact.name, str(one.role), one.contact.mobile) for one in db.session.scalars(query)}


def tasks() -> list[tuple[str, TaskState]]:
    return [(one.params["name"], one.state) for one in db.session.scalars(select(Task).order_by(Task.id))]


def test_a_list_brings_people_in_all_forms_of_writing_and_again_changes_nothing(
    app: Flask, tmp_path: Path, harbour: Employer
) -> None:
    code = str(harbour.uscc)
    rows: list[list[Any]] = [
        [code.lower(), None, "经办人", "王芳", "138 1234 5678", "（022）66271234", "W@q.cn", "2026年3月1日"],
        [None, "990001", "法人", "李国强", 13900139000, None, None, 20250101],
        [code, None, "财务", "王芳", None, None, None, None],
    ]
    assert counts(take_in(app, tmp_path, *rows)) == (3, 0, 0, 0)
    assert present(harbour) == {
        ("王芳", "handler", OLD),
        ("李国强", "legal_rep", NEW),
        ("王芳", "finance", OLD),
    }
    wang = db.session.scalars(select(Contact).where(Contact.mobile == OLD)).one()
    assert [wang.landline, wang.email] == ["022-66271234", "W@q.cn"]
    assert wang.employers[0].since == date(2026, 3, 1)
    assert db.session.scalar(select(func.count()).select_from(Contact)) == 2, "one person, two roles"
    assert tasks() == [], "nobody left, so nobody is newly to be welcomed"
    assert db.session.scalars(select(Employer.id).where(matching(OLD[3:]))).all() == [harbour.id]
    assert counts(take_in(app, tmp_path, *rows, [None, "990001", "人事", "赵敏"])) == (1, 0, 3, 0)


def test_a_new_handler_takes_over_and_is_welcomed_and_undo_puts_the_old_one_back(
    app: Flask, tmp_path: Path, harbour: Employer
) -> None:
    create_contact(harbour, name="王芳", mobile=OLD)
    answer = take_in(app, tmp_path, [harbour.uscc, None, "经办人", "赵敏", NEW, None, None, "2026-10-08"])
    assert counts(answer) == (1, 0, 0, 0)
    assert present(harbour) == {("赵敏", "handler", NEW)}
    assert tasks() == [("赵敏", TaskState.OPEN)]
    command(app, "undo", str(answer["batch"]))
    assert present(harbour) == {("王芳", "handler", OLD)}
    assert tasks() == [("赵敏", TaskState.CANCELLED)]
    assert db.session.scalars(select(Employer.id).where(matching(NEW[3:]))).all() == []
    assert db.session.scalar(select(func.count()).select_from(Contact)) == 1


def test_what_was_verified_stays_and_is_remarked_while_other_numbers_follow_the_list(
    app: Flask, tmp_path: Path, harbour: Employer
) -> None:
    wang = create_contact(harbour, name="王芳", mobile=OLD, verified_on=date(2026, 5, 1))
    li = create_contact(harbour, ContactRole.HR, name="李娜", mobile="13700137000", email="l@example.org")
    rows: list[list[Any]] = [
        [harbour.uscc, None, "经办人", "王芳", NEW, "66271234"],
        [harbour.uscc, None, "人事", "李娜", "13600136000"],
    ]
    answer = take_in(app, tmp_path, *rows)
    assert counts(answer) == (0, 2, 0, 0)
    assert [wang.mobile, wang.landline, li.mobile, li.email] == [
        OLD,
        "66271234",
        "13600136000",
        "l@example.org",
    ]
    assert "verified_stays" in json.dumps([str(row.reasons) for row in db.session.scalars(select(ImportRow))])


def test_rows_that_cannot_be_are_rejected_with_their_reasons_and_tell_nothing_of_strangers(
    app: Flask, tmp_path: Path, harbour: Employer
) -> None:
    handler = create_contact(harbour, name="王芳", mobile=OLD)
    handler.employers[0].since = date(2026, 6, 1)
    code = harbour.uscc
    answer = take_in(
        app,
        tmp_path,
        [None, None, "经办人", "赵敏", NEW],
        [credit_code_of(77), None, "经办人", "赵敏", NEW],
        [code, None, "门卫", "赵敏", NEW],
        [code, None, "人事", "赵敏", "12345"],
        [code, None, "人事", "钱多", OLD],
        [code, None, "经办人", "赵敏", NEW, None, None, "2026-05-01"],
        [code, None, "财务", "孙丽", None, None, "nobody", None],
    )
    assert counts(answer) == (0, 0, 0, 7)
    reasons = " ".join(str(row.reasons) for row in db.session.scalars(select(ImportRow)))
    told = ("no_employer", "unknown_employer", "unknown_code", "not_a_phone", "number_of_another", "older")
    assert [one for one in told if one not in reasons] == []
    assert "王芳" not in reasons
    assert present(harbour) == {("王芳", "handler", OLD)}


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_several_numbers_of_one_person_hold_each_for_its_own_employer_in_any_order(
    app: Flask, tmp_path: Path, branch: Branch, harbour: Employer, order: tuple[int, ...]
) -> None:
    wang = create_contact(harbour, name="王芳", mobile=OLD)
    others = [create_employer(branch, uscc=credit_code_of(number)) for number in (2, 3)]
    for other in others:
        db.session.add(EmployerContact(employer_id=other.id, contact=wang, role=ContactRole.HANDLER))
    rows = [
        [harbour.uscc, None, "经办人", "王芳", NEW, "66271234"],
        [others[0].uscc, None, "经办人", "王芳", "13700137000", "66270000"],
        [others[1].uscc, None, "经办人", "王芳", OLD],
    ]
    answer = take_in(app, tmp_path, *(rows[number] for number in order))
    assert answer["rejected"] == 0
    said = [present(one) for one in (harbour, *others)]
    assert said == [{("王芳", "handler", mobile)} for mobile in (NEW, "13700137000", OLD)]
    assert tasks() == [], "nobody is new"
    command(app, "undo", str(answer["batch"]))
    assert [present(one) for one in (harbour, *others)] == [{("王芳", "handler", OLD)}] * 3


def remarks() -> str:
    return json.dumps([row.reasons for row in db.session.scalars(select(ImportRow))], ensure_ascii=False)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_of_several_lists_the_latest_day_holds_in_whatever_order_they_are_imported(
    app: Flask, tmp_path: Path, harbour: Employer, order: tuple[int, ...]
) -> None:
    code = harbour.uscc

    def hr(landline: str) -> list[Any]:
        return [code, None, "人事", "李娜", NEW, landline]

    lists: list[tuple[str, list[list[Any]]]] = [
        ("2026-08-31", [[code, None, "经办人", "王芳", OLD], hr("66270000")]),
        ("2026-09-30", [[code, None, "经办人", "赵敏", "13700137000"]]),
        (
            "2026-10-31",
            [[code, None, "经办人", "赵敏", "13600136000"], [code, None, "人事", "李娜", None, "66271111"]],
        ),
    ]
    for number in order:
        day, rows = lists[number]
        assert take_in(app, tmp_path, *rows, day=day)["rejected"] == 0
    assert present(harbour) == {("赵敏", "handler", "13600136000"), ("李娜", "hr", NEW)}
    li = db.session.scalars(select(Contact).where(Contact.name == "李娜")).one()
    assert li.landline == "66271111"
    assert ("older_list" in remarks()) == (order != (0, 1, 2))
    again = take_in(app, tmp_path, *lists[2][1], day="2026-10-31")
    assert counts(again) == (0, 0, 2, 0)


@pytest.mark.databases("sqlite")
def test_what_a_person_entered_is_asked_for_and_replaced_only_by_an_answer(
    app: Flask, tmp_path: Path, branch: Branch, harbour: Employer
) -> None:
    clerk = create_user(Role.SPECIALIST, branch=branch)
    mandate = Mandate(date(2026, 10, 1))
    zhao = person_for(Person("赵敏", OLD), clerk)
    take_up(harbour, zhao, ContactRole.HANDLER, mandate, clerk)
    li = create_contact(harbour, ContactRole.HR, name="李娜", mobile="13700137000")
    edit(li, Person("李娜", "13700137001"), clerk)
    rows: list[list[Any]] = [
        [harbour.uscc, None, "经办人", "王芳", NEW],
        [harbour.uscc, None, "人事", "李娜", "13700137000"],
    ]
    assert counts(take_in(app, tmp_path, *rows)) == (0, 0, 2, 0)
    assert present(harbour) == {("赵敏", "handler", OLD), ("李娜", "hr", "13700137001")}
    assert remarks().count("corrected_by_hand") == 2
    assert OLD not in remarks() and "13700137001" not in remarks()
    assert tasks() == [("赵敏", TaskState.OPEN)], "nobody took over"
    statement = [[*line(1, 202210), "王芳", NEW]]
    heads = [*STATEMENT_HEADER, "经办人姓名", "经办人手机号"]
    apply(app, spreadsheets.workbook(tmp_path / "month.xlsx", [["2026年10月"], heads, *statement]))
    assert ("赵敏", "handler", OLD) in present(harbour), "a statement asks just as well"
    taken = take_in(app, tmp_path, *rows, options=("--conflicts", "take"))
    assert counts(taken) == (1, 1, 0, 0)
    assert present(harbour) == {("王芳", "handler", NEW), ("李娜", "hr", "13700137000")}
    command(app, "undo", str(taken["batch"]))
    assert present(harbour) == {("赵敏", "handler", OLD), ("李娜", "hr", "13700137001")}
    assert counts(take_in(app, tmp_path, *rows)) == (0, 0, 2, 0), (
        "what was taken back is a person's word again"
    )


@pytest.mark.databases("sqlite")
def test_id_numbers_are_sealed_tell_who_is_meant_and_are_refused_where_they_contradict(
    app: Flask, tmp_path: Path, branch: Branch, harbour: Employer
) -> None:
    other = create_employer(branch, uscc=credit_code_of(2))
    card, foreign = "11010519491231002X", "E12345678"
    rows: list[list[Any]] = [
        [harbour.uscc, None, "法人", "王芳", OLD, None, card.lower()],
        [harbour.uscc, None, "财务", "John", NEW, "护照", foreign],
        [other.uscc, None, "法定代表人", "王芳", None, "身份证", card],
    ]
    assert counts(take_in(app, tmp_path, *rows, header=WITH_PAPERS)) == (3, 0, 0, 0)
    wang, john = db.session.scalars(select(Contact).order_by(Contact.id)).all()
    assert wang.id_number is not None and john.id_number is not None
    assert [wang.id_number.opened, john.id_number.opened, john.id_type] == [card, foreign, "03"]
    assert {link.employer_id for link in wang.employers} == {harbour.id, other.id}, "one person"
    wrong: list[list[Any]] = [
        [harbour.uscc, None, "人事", "李四", None, None, "110105194912310021"],
        [harbour.uscc, None, "人事", "张三", None, "01", card],
        [harbour.uscc, None, "财务", "John", None, "03", "E99999999"],
    ]
    assert counts(take_in(app, tmp_path, *wrong, header=WITH_PAPERS)) == (0, 0, 0, 3)
    told = remarks()
    assert [
        one for one in ("not_an_id_number", "document_of_another", "other_document") if one not in told
    ] == []
    kept = json.dumps([row.values for row in db.session.scalars(select(ImportRow))], ensure_ascii=False)
    assert card not in kept and "E99999999" not in kept and foreign not in kept


def test_a_change_of_the_key_reaches_what_imports_have_noted_and_undo_still_works(
    app: Flask, tmp_path: Path, harbour: Employer
) -> None:
    person = create_contact(harbour, name="王芳", mobile=OLD)
    row = [harbour.uscc, None, "经办人", "王芳", OLD, "护照", "E12345678"]
    batch = take_in(app, tmp_path, row, header=WITH_PAPERS)["batch"]
    assert person.id_number is not None and person.id_number.opened == "E12345678"
    assert app.test_cli_runner().invoke(args=["personal", "rotate-key"]).exit_code == 0
    db.session.expire_all()
    notes = json.dumps(db.session.scalars(select(ImportRow.notes)).all())
    assert "pd1.2." in notes and "pd1.1." not in notes
    assert values_by_key()[1] == 0
    assert command(app, "undo", str(batch))["kept"] == 0
    assert person.id_number is None


def test_a_list_older_than_a_statement_leaves_the_number_that_the_statement_brought(
    app: Flask, tmp_path: Path, branch: Branch
) -> None:
    rows = [["2022年9月"], [*STATEMENT_HEADER, "经办人姓名", "经办人手机号"], [*line(1, 202208), "王芳", NEW]]
    apply(app, spreadsheets.workbook(tmp_path / "2022年9月.xlsx", rows))
    row = [credit_code_of(1), None, "经办人", "王芳", OLD]
    answer = take_in(app, tmp_path, row, header=HEADER[:5], day="2022-09-15")
    assert db.session.scalars(select(Contact.mobile)).all() == [NEW], answer
