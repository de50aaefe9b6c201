"""Writing workbooks and CSV: what goes in comes out as what it was, and text is never a formula."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from openpyxl import load_workbook

from app.core.periods import Period
from app.core.sheets.workbooks import clean_text, csv_lines, workbook_bytes, write_workbook


def cells(data: io.BytesIO) -> list[list[tuple[object, str]]]:
    page = load_workbook(data).active
    assert page is not None
    return [[(cell.value, cell.data_type) for cell in row] for row in page.iter_rows()]


def test_text_that_looks_like_a_formula_stays_text() -> None:
    written = cells(workbook_bytes("x", ["=a"], [["=1+1"], ["#N/A"], ["@x"], ["+1"]]))
    assert written == [[("=a", "s")], [("=1+1", "s")], [("#N/A", "s")], [("@x", "s")], [("+1", "s")]]


def test_numbers_dates_and_periods_keep_their_kind() -> None:
    moment = datetime(2022, 9, 1, 16, 30, tzinfo=UTC)
    row = [Decimal("12.50"), 3, date(2022, 9, 1), moment, Period(2022, 9), None, "007"]
    _, found = cells(workbook_bytes("x", list("abcdefg"), [row]))
    assert [value for value, _ in found] == [
        12.5,
        3,
        datetime(2022, 9, 1),  # noqa: DTZ001 - a workbook knows no zones
        datetime(2022, 9, 2, 0, 30),  # noqa: DTZ001
        "202209",
        None,
        "007",
    ]


def test_control_characters_and_surrogates_do_not_break_the_file() -> None:
    _, found = cells(workbook_bytes("a/b:c", ["x"], [["坏\x00\x1f字\ud800符"]]))
    assert found == [("坏字符", "s")]
    assert len(clean_text("字" * 40_000)) == 32_767


def test_the_header_is_bold_and_columns_are_wide_enough(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    count = write_workbook(
        path, "表", ["单位名称", "人数"], ([f"天津第{n}号测试科技有限公司", n] for n in range(5))
    )
    page = load_workbook(path).active
    assert page is not None
    assert count == 5
    assert page["A1"].font.bold
    assert page.freeze_panes == "A2"
    assert page.column_dimensions["A"].width > page.column_dimensions["B"].width


def test_csv_protects_what_a_spreadsheet_would_run() -> None:
    data = b"".join(csv_lines(["名称", "数"], [["=cmd()", -5], ["+86", Decimal("1.20")], ["@x", None]]))
    assert data.decode("utf-8-sig").splitlines() == ["名称,数", "'=cmd(),-5", "'+86,1.20", "'@x,"]


def test_csv_of_many_rows_comes_in_pieces() -> None:
    pieces = list(csv_lines(["n"], ([n] for n in range(5_000))))
    assert len(pieces) > 5
    assert b"".join(pieces).decode("utf-8-sig").count("\r\n") == 5_001
