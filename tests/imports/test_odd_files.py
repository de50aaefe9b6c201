"""Files as offices really send them: what a person reads in them without effort is read."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openpyxl import Workbook
from sqlalchemy import select

from app.core.db import db
from app.core.periods import Period
from app.core.rules.identifiers import credit_code, mobile
from app.core.sheets.cells import Cell, CellError
from app.core.sheets.parsing import (
    account_number,
    code_text,
    day,
    find_period,
    in_digits,
    money,
    period,
    whole,
)
from app.employers.models import Employer
from app.imports import jobs, queries, services
from app.imports.models import BatchState, ImportBatch
from tests import spreadsheets
from tests.factories import create_branch
from tests.imports.sample import credit_code_of

FIFTH = date(2022, 9, 5)


@pytest.mark.parametrize(
    "written",
    [
        *("2022/9/5", "2022-09-05", "2022.9.5", "20220905", 20220905, "2022年9月5日", "2022 年 9 月 5 日"),
        *("二〇二二年九月五日", "二○二二年九月五日", "２０２２年９月５日", "2022-09-05 00:00:00"),
        *("44809", 44809, 44809.0, "44809.0", FIFTH, "22年9月5日", "二二年九月五日"),
    ],
)
def test_a_date_is_read_however_it_is_written(written: Cell) -> None:
    assert day()(written) == FIFTH


@pytest.mark.parametrize(
    "written", ["22/9/5", "9月5日", "2022年9月", "12345", "99999", "二月三十日", "2022年2月30日"]
)
def test_what_may_be_another_day_is_refused(written: str) -> None:
    with pytest.raises(CellError):
        day()(written)


def test_chinese_numerals_beyond_ten_and_months_in_titles() -> None:
    assert in_digits("二〇二二年十二月三十一日") == "2022年12月31日"
    assert in_digits("二〇二二年十月二十日") == "2022年10月20日"
    assert in_digits("三年级一班") == "3年级一班"
    assert in_digits("一号路") == "一号路"
    assert period()("二〇二二年九月") == Period(2022, 9)
    assert find_period("二〇二二年九月单位缴存情况统计表") == Period(2022, 9)


def test_codes_phones_and_heads_in_other_clothes() -> None:
    code = credit_code_of(1)
    full = "".join(chr(ord(char) + 0xFEE0) for char in code.lower())
    assert {credit_code(one) for one in (code.lower(), full, f" {code[:8]} {code[8:]}")} == {code}
    phones = ("+86 138 0013 8000", "+86-13800138000", "0086 13800138000", "(+86)13800138000", 13800138000.0)
    assert {mobile(one) for one in phones} == {"13800138000"}
    assert (whole()("12人"), whole()("１２"), whole()("1,200 人")) == (12, 12, 1200)
    assert (code_text(3)("５２"), code_text(2)(3), code_text(2)("99")) == ("052", "03", "99")
    with pytest.raises(CellError):
        code_text(2)("破产")


@pytest.mark.parametrize("written", [9.1e17, "9.1E+17"])
def test_a_code_that_was_kept_as_a_number_is_said_to_have_lost_digits(written: Cell) -> None:
    for parse in (credit_code, account_number()):
        with pytest.raises(CellError) as caught:
            parse(written)
        assert caught.value.code == "digits_lost"


def test_a_comma_parts_thousands_and_is_never_taken_for_nothing() -> None:
    assert [money()(one) for one in ("1,234,567.80", "１，２００", "12,3456")] == [
        Decimal("1234567.80"),
        Decimal(1200),
        Decimal(123456),
    ]
    for written in ("12,50", "1.200,50", "1,23,456"):
        with pytest.raises(CellError):
            money()(written)


def imported(path: Path, spec: str, **options: Any) -> ImportBatch:
    with path.open("rb") as stream:
        batch = services.receive(
            queries.spec_named(spec),
            stream,
            path.name,
            None,
            branch=create_branch("00"),
            apply=True,
            **options,
        )
    db.session.commit()
    jobs.run_batch(batch.id)
    return db.session.get_one(ImportBatch, batch.id, populate_existing=True)


def test_a_list_in_gbk_with_notes_above_and_two_rows_of_headings_is_read(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "开户名单.csv"
    rows = [
        "油田支行新开户单位清单,,,",
        "填报说明：请于每月5日前报送,,,",
        "二〇二二年九月,,,",
        "单位,,开户,",
        "单位名称,统一社会信用代码,开户日期,开户网点",
        f"甲公司,{credit_code_of(1).lower()},二〇二二年九月五日,油田支行",
        f"乙公司（天津）,{credit_code_of(2)},44809,油田支行",
    ]
    path.write_text("\r\n".join(rows), encoding="gbk")
    batch = imported(path, "bank_accounts")
    assert (batch.state, batch.new, batch.rejected) == (BatchState.APPLIED, 2, 0)
    assert batch.as_of == date(2022, 9, 30)


def test_a_statement_tells_bank_balance_and_the_end_of_the_account(app: Flask, tmp_path: Path) -> None:
    header = ["单位账号", "单位名称", "统一社会信用代码", "单位账户状态", "缴存人数", "缴至年月"]
    header += ["STYHDM", "受托银行名称", "单位账户余额", "销户日期", "销户原因"]
    row: list[Any] = ["030100000001", "甲公司", credit_code_of(1), "销户", 0, "202208"]
    row += [105, "油田支行", "12,345.60元", "二〇二二年九月五日", 3]
    path = spreadsheets.workbook(tmp_path / "statement.xlsx", [["二〇二二年九月单位缴存情况"], header, row])
    batch = imported(path, "statement")
    assert (batch.state, batch.new, batch.period) == (BatchState.APPLIED, 1, Period(2022, 9))
    one = db.session.scalars(select(Employer)).one()
    assert (one.bank_code, one.bank_name, one.account_balance) == ("105", "油田支行", Decimal("12345.60"))
    assert (one.account_closed_on, one.account_closing_reason) == (FIFTH, "03")


def test_totals_signatures_blanks_and_marks_without_width_make_no_employers(
    app: Flask, tmp_path: Path
) -> None:
    path = tmp_path / "开户名单 2022-09.csv"
    rows = [
        "序号,单位名称,统一社会信用代码",
        f'1,甲公司\u200b,="{credit_code_of(1)}"',
        "　,\u00a0,",
        f"2,共享合计科技有限公司,{credit_code_of(2)}\u200b",
        "合 计,,2",
        ",共计 2 户,",
        "制表人：张三,,",
    ]
    path.write_text("\r\n".join(rows), encoding="utf-8")
    batch = imported(path, "bank_accounts")
    assert (batch.done, batch.new, batch.reasons) == (5, 2, {"no_data": 3})
    assert set(db.session.scalars(select(Employer.name))) == {"甲公司", "共享合计科技有限公司"}


def test_a_second_sheet_with_the_same_headings_is_named_and_not_forgotten(app: Flask, tmp_path: Path) -> None:
    book = Workbook()
    for number, name in enumerate(("说明", "油田支行", "港东支行", "空表")):
        page = book.create_sheet(name)
        if number:
            page.append(["单位名称", "统一社会信用代码"])
        if number in (1, 2):
            page.append([f"第{number}公司", credit_code_of(number)])
    del book["Sheet"]
    book.save(tmp_path / "list.xlsx")
    batch = imported(tmp_path / "list.xlsx", "bank_accounts")
    assert batch.layout is not None and batch.new == 1
    assert (batch.layout["sheet"], batch.layout["unread"]) == ("油田支行", ["港东支行"])
