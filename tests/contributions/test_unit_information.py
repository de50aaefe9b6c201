"""Unit information by statement (JGJ/T 320, table 4.0.2): address, industry, legal representative."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.db import db
from app.employers.models import Contact, ContactRole, Employer, EmployerContact
from app.imports.models import ImportRow
from tests.contributions.statements import HEADER, apply, line, take_back
from tests.factories import create_branch, seed_codes
from tests.spreadsheets import workbook

BY_CODE = (
    "DWDZ", "DWSLRQ", "DWSSHY", "DWLSGX", "DWYB", "DWDZXX", "DWFRDBXM", "DWFRDBZJLX", "DWFRDBZJHM", "DWLB",
)  # fmt: skip
IN_WORDS = (
    "单位地址", "设立日期", "单位所属行业", "单位隶属关系", "单位邮编", "单位电子信箱",
    "法人代表姓名", "法人代表证件类型", "法人代表证件号码", "单位类别",
)  # fmt: skip
CARD = "11010519491231002X"


@pytest.fixture(autouse=True)
def _codes(app: Flask) -> None:
    seed_codes()
    create_branch("00")


def of(folder: Path, month: str, *unit: Any, heads: tuple[str, ...] = IN_WORDS) -> Path:
    rows = [[*line(1, 202208), *unit]]
    return workbook(
        folder / f"{month}-{len(list(folder.iterdir()))}.xlsx", [[month], [*HEADER, *heads], *rows]
    )


def employer() -> Employer:
    return db.session.scalars(select(Employer)).one()


def representatives() -> list[tuple[str, str | None, str | None]]:
    """Name, ID number in full and its kind, of who has the role now."""
    query = select(Contact).join(EmployerContact).where(EmployerContact.until.is_(None))
    found = db.session.scalars(query.where(EmployerContact.role == ContactRole.LEGAL_REP))
    return [(one.name, one.id_number.opened if one.id_number else None, one.id_type) for one in found]


def remarks(batch: int) -> set[str]:
    rows = db.session.scalars(select(ImportRow.reasons).where(ImportRow.batch_id == batch))
    return {f"{column}.{code}" for said in rows for column, code, _params in said}


@pytest.mark.parametrize(
    ("heads", "industry", "unit"),
    [
        (
            BY_CODE,
            "7263",
            ("一号", "20190102", "7263", "２０", 30280, "a@b.cn", "赵立", "01", CARD.lower(), "2"),
        ),
        (
            IN_WORDS,
            "72",
            (
                "一号",
                "2019年1月2日",
                "商务服务业",
                "省",
                "300280",
                "a@b.cn",
                "赵立",
                "身份证",
                CARD,
                "国有企业",
            ),
        ),
    ],
)
def test_unit_information_is_taken_by_code_and_in_words(
    app: Flask, tmp_path: Path, heads: tuple[str, ...], industry: str, unit: tuple[Any, ...]
) -> None:
    apply(app, of(tmp_path, "2022年8月", *unit, heads=heads))
    one = employer()
    assert (one.address, one.established_on, one.industry) == ("一号", date(2019, 1, 2), industry)
    assert (one.affiliation, one.email, one.unit_type) == ("20", "a@b.cn", "002")
    assert one.postal_code in ("300280", "030280")
    assert representatives() == [("赵立", CARD, "01")]
    rows = db.session.scalars(select(ImportRow)).all()
    assert CARD not in "".join(f"{row.values}{row.notes}{row.reasons}" for row in rows)


def test_a_newer_statement_replaces_it_and_undo_brings_the_older_back(app: Flask, tmp_path: Path) -> None:
    old = ("一号", "2019-01-02", "52", "20", "300280", "a@b.cn", "赵立", None, CARD)
    apply(app, of(tmp_path, "2022年8月", *old))
    batch = apply(
        app, of(tmp_path, "2022年9月", "二号", None, "51", None, "300281", None, "钱立", None, None)
    )
    one = employer()
    assert (one.address, one.industry, one.postal_code, one.email) == ("二号", "51", "300281", "a@b.cn")
    assert representatives() == [("钱立", None, None)]

    apply(app, of(tmp_path, "2022年7月", "旧号", None, None, "10", None, None, "孙立", None, None))
    assert (employer().address, employer().affiliation, representatives()[0][0]) == ("二号", "20", "钱立")

    take_back(app, batch["batch"])
    one = employer()
    assert (one.address, one.industry, one.postal_code) == ("一号", "52", "300280")
    assert representatives() == [("赵立", CARD, None)]


def test_what_people_and_the_registry_say_stays(app: Flask, tmp_path: Path) -> None:
    apply(app, of(tmp_path, "2022年8月", "一号", None, None, None, "300280", None, "赵立", None, None))
    one = employer()
    one.told = {"postal_code": ["office", "2022-09-01"]}
    one.registry_as_of = date(2022, 1, 1)
    role = db.session.scalars(select(EmployerContact)).one()
    role.told_by, role.told_on = "office", date(2022, 9, 1)
    db.session.commit()
    batch = apply(
        app, of(tmp_path, "2022年9月", "二号", None, None, None, "300281", None, "钱立", None, None)
    )
    one = employer()
    assert (one.address, one.postal_code) == ("一号", "300280")
    assert representatives()[0][0] == "赵立"
    assert {"postal_code.corrected_by_hand", "legal_rep_name.corrected_by_hand"} <= remarks(batch["batch"])


def test_what_cannot_be_read_is_left_out_and_said_without_losing_the_month(
    app: Flask, tmp_path: Path
) -> None:
    unit = ("一号", None, "外星业", "99年", "12", "没有", "赵立", "暂住证", "123456", "不详")
    batch = apply(app, of(tmp_path, "2022年8月", *unit))
    one = employer()
    assert (one.heads, one.address) == (5, "一号")
    assert (one.industry, one.affiliation, one.postal_code, one.email) == (None, None, None, None)
    assert representatives() == [("赵立", None, None)]
    columns = ("industry", "affiliation", "postal_code", "email", "legal_rep_id_type", "unit_type")
    assert {f"{name}.unreadable" for name in columns} <= remarks(batch["batch"])


def handlers(of_role: ContactRole = ContactRole.HANDLER) -> list[tuple[str, str | None, str | None]]:
    query = select(Contact).join(EmployerContact).where(EmployerContact.until.is_(None))
    found = db.session.scalars(query.where(EmployerContact.role == of_role))
    return [(one.name, one.landline, one.id_number.opened if one.id_number else None) for one in found]


@pytest.mark.databases("sqlite")
def test_a_handlers_landline_and_document_are_kept_and_follow_the_statements(
    app: Flask, tmp_path: Path
) -> None:
    heads = ("JBRXM", "JBRSJHM", "JBRGDDHHM", "JBRZJLX", "JBRZJHM")
    first = ("王芳", "13800138000", "（022）66271234", "01", CARD.lower())
    apply(app, of(tmp_path, "2022年8月", *first, heads=heads))
    assert handlers() == [("王芳", "022-66271234", CARD)]
    rows = db.session.scalars(select(ImportRow)).all()
    assert CARD not in "".join(f"{row.values}{row.notes}{row.reasons}" for row in rows)

    # a mobile and a landline at once; a document that cannot be; both in the next month
    two = apply(
        app, of(tmp_path, "2022年9月", "王芳", "13900139000", "022-66271235", None, "123456", heads=heads)
    )
    assert handlers() == [("王芳", "022-66271235", CARD)]
    three = apply(app, of(tmp_path, "2022年10月", "李强", "13700137000", "不详", "03", "12", heads=heads))
    assert handlers() == [("李强", None, None)]
    told = remarks(three["batch"])
    assert {"handler_landline.unreadable", "handler_id_number.not_an_id_number"} <= told

    take_back(app, three["batch"])
    take_back(app, two["batch"])
    assert handlers() == [("王芳", "022-66271234", CARD)]
