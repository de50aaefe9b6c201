"""Reading spreadsheets: what people send is read, what enemies send is refused in a sentence."""

import os
import subprocess
import sys
import textwrap
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from app.core.sheets import reading as sheets
from app.core.sheets.cells import Cell
from app.core.sheets.headings import Heading, column_letter, find_header
from app.core.sheets.reading import Limits, Table, open_table
from app.core.sheets.refusals import REFUSALS, SheetRefused
from app.imports.reading.services import reading
from tests import spreadsheets as make

HEADINGS = (
    Heading("name", ("单位名称", "企业名称", "name"), required=True),
    Heading("code", ("统一社会信用代码", "credit code"), required=True),
    Heading("heads", ("缴存人数", "heads")),
)
HEADER = ["单位名称", "统一社会信用代码", "缴存人数"]


def read(path: Path, **limits: int) -> tuple[Table, list[tuple[int, list[Cell]]]]:
    with open_table(path, HEADINGS, Limits(**limits)) as table:
        return table, [(row.number, row.cells) for block in table.rows for row in block]


def refusal(path: Path, **limits: int) -> SheetRefused:
    with pytest.raises(SheetRefused) as caught:
        read(path, **limits)
    assert caught.value.message  # the sentence has all its parameters
    return caught.value


def test_a_workbook_with_a_merged_title_is_read_below_its_header(tmp_path: Path) -> None:
    rows: list[Any] = [
        ["2022年9月单位缴存情况统计表"],
        [],
        HEADER,
        ["甲公司", "91A", 3],
        [],
        ["乙公司", "91B", 2.5],
    ]
    table, found = read(make.workbook(tmp_path / "a.xlsx", rows, merge="A1:C1", sheet="汇缴"))
    assert table.title == "2022年9月单位缴存情况统计表"
    assert (table.sheet, table.header, table.header_row) == ("汇缴", tuple(HEADER), 3)
    assert table.columns == {"name": 0, "code": 1, "heads": 2}
    assert found == [(4, ["甲公司", "91A", 3]), (6, ["乙公司", "91B", 2.5])]


def test_dates_times_and_booleans_keep_their_meaning(tmp_path: Path) -> None:
    moment = datetime(2022, 9, 1, 8, 30)  # noqa: DTZ001 - a workbook knows no zones
    row = ["甲", date(2022, 9, 1), moment, True]
    _, found = read(make.workbook(tmp_path / "a.xlsx", [[*HEADER, "是否"], row]))
    assert found == [(2, ["甲", date(2022, 9, 1), moment, "TRUE"])]


def test_headings_match_in_any_width_case_and_with_units(tmp_path: Path) -> None:
    header = ["*单位 名称", "Credit Code", "缴存人数（人）"]
    table, _ = read(make.workbook(tmp_path / "a.xlsx", [header, ["甲", "x", 1]]))
    assert table.columns == {"name": 0, "code": 1, "heads": 2}


def test_the_sheet_with_the_header_is_found_behind_a_cover_sheet(tmp_path: Path) -> None:
    book = Workbook()
    cover = book.active
    assert cover is not None
    cover.append(["填表说明"])
    page = book.create_sheet("数据")
    page.append(HEADER)
    page.append(["甲", "x", 1])
    book.save(tmp_path / "a.xlsx")
    table, found = read(tmp_path / "a.xlsx")
    assert (table.sheet, len(found)) == ("数据", 1)


def test_hidden_sheets_are_left_alone(tmp_path: Path) -> None:
    book = Workbook()
    hidden = book.active
    assert hidden is not None
    hidden.append(HEADER)
    hidden.append(["秘密", "x", 1])
    hidden.sheet_state = "hidden"
    shown = book.create_sheet("数据")
    shown.append(HEADER)
    shown.append(["公开", "x", 1])
    book.save(tmp_path / "a.xlsx")
    assert [cells[0] for _, cells in read(tmp_path / "a.xlsx")[1]] == ["公开"]


def test_formulas_give_their_stored_value_and_are_never_evaluated(tmp_path: Path) -> None:
    cells = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>单位名称</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>统一社会信用代码</t></is></c></row>'
        '<row r="2"><c r="A2"><f>1+1</f><v>7</v></c><c r="B2" t="str"><f>CONCATENATE("a","b")</f>'
        "<v>ab</v></c></row>"
    )
    _, found = read(make.raw_workbook(tmp_path / "a.xlsx", make.sheet_xml(cells)))
    assert found == [(2, [7, "ab"])]


@pytest.mark.parametrize("reader", ["xlsx", "openpyxl"])
def test_a_formula_without_a_result_is_not_an_empty_cell(tmp_path: Path, reader: str) -> None:
    cells = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>单位名称</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>统一社会信用代码</t></is></c></row>'
        '<row r="2"><c r="A2" t="str"><f>IF(1,"","")</f><v></v></c><c r="B2"><f>"a"&amp;"b"</f></c></row>'
        '<row r="4"><c r="A4"><f t="shared" si="0"/><v/></c><c r="B4"><v>5</v></c></row>'
        '<row r="6"><c r="B6"><f>B4+1</f><v></v></c></row>'
    )
    child = sheets._Child(make.raw_workbook(tmp_path / "a.xlsx", make.sheet_xml(cells)), reader, Limits())
    table = sheets._find_table(child, HEADINGS)
    found = [(row.number, row.cells) for block in table.rows for row in block]
    assert found == [(2, [None, "=…"]), (4, ["=…", 5]), (6, [None, "=…"])]
    child.close()


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_csv_is_read_in_the_encodings_that_offices_send(tmp_path: Path, encoding: str) -> None:
    rows = [HEADER, ["天津市滨海新区测试有限公司", "91A", "0012"], ["乙", "", "3"]]
    table, found = read(make.csv_file(tmp_path / "a.csv", rows, encoding))
    assert table.columns == {"name": 0, "code": 1, "heads": 2}
    assert found == [(2, ["天津市滨海新区测试有限公司", "91A", "0012"]), (3, ["乙", None, "3"])]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_may_use_another_delimiter_and_quoted_line_breaks(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "a.csv"
    line = f'"甲{delimiter}乙\n公司"{delimiter}91A{delimiter}5'
    path.write_text(f"{delimiter.join(HEADER)}\n{line}\n", encoding="utf-8")
    assert [cells for _, cells in read(path)[1]] == [[f"甲{delimiter}乙\n公司", "91A", "5"]]


def test_the_content_decides_not_the_name(tmp_path: Path) -> None:
    path = make.workbook(tmp_path / "a.xlsx", [HEADER, ["甲", "x", 1]]).rename(tmp_path / "a.csv")
    assert len(read(path)[1]) == 1


REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing at all": (b"", "empty"),
    "only blanks": (b"\xef\xbb\xbf \r\n\r\n", "empty"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "not_a_spreadsheet"),
    "a document": (b"%PDF-1.7\nhello", "not_a_spreadsheet"),
    "a program": (b"\x00\x01\x02\x03" * 500, "not_a_spreadsheet"),
    "a web page called xls": ("<html><table><tr><td>单位名称</td></tr></table>".encode(), "web_page"),
    "an old workbook with no container": (
        b"\x09\x08\x10\x00\x00\x06\x05\x00" + bytes(60),
        "old_workbook",
    ),
    "a still older one": (b"\x09\x00\x04\x00\x02\x00\x10\x00" + bytes(60), "old_workbook"),
    "an archive cut short": (b"PK\x03\x04" + b"\x00" * 60, "damaged"),
    "text of no encoding": (b"name,credit code\n\xff\xfe\x80\x81\xff", "unknown_encoding"),
    "text without headings": ("今天天气,很好\n明天,也好\n".encode(), "no_header"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_spreadsheet_is_refused_in_a_sentence(tmp_path: Path, what: str) -> None:
    data, code = REFUSED[what]
    path = tmp_path / "upload.xlsx"
    path.write_bytes(data)
    assert refusal(path).code == code


def test_a_zip_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert refusal(path).code == "not_a_spreadsheet"


def test_a_password_is_named_as_the_obstacle(tmp_path: Path) -> None:
    assert refusal(make.encrypted_workbook(tmp_path / "a.xlsx")).code == "encrypted"


def test_a_workbook_of_excel_97_is_read_and_its_password_named(tmp_path: Path) -> None:
    rows: list[list[str | float]] = [["名单（2022年9月）"], [*HEADER], ["甲公司", "91A", 12]]
    table, found = read(make.old_workbook(tmp_path / "a.xls", rows))
    assert (table.sheet, table.title, found) == ("名单", "名单（2022年9月）", [(3, ["甲公司", "91A", 12])])
    assert refusal(make.old_workbook(tmp_path / "b.xls", rows, locked=True)).code == "encrypted"


def test_an_empty_workbook_is_refused(tmp_path: Path) -> None:
    assert refusal(make.workbook(tmp_path / "a.xlsx", [])).code == "empty"


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    error = refusal(make.workbook(tmp_path / "a.xlsx", [["单位名称", "缴存人数"], ["甲", 1]]))
    assert error.code == "missing_columns"
    assert "统一社会信用代码" in error.message


def test_a_heading_that_stands_twice_is_refused_with_both_places(tmp_path: Path) -> None:
    error = refusal(make.workbook(tmp_path / "a.xlsx", [[*HEADER, "企业名称"], ["甲", "x", 1, "乙"]]))
    assert error.code == "duplicate_columns"
    assert "A" in error.message
    assert "D" in error.message


def test_unknown_headings_may_repeat(tmp_path: Path) -> None:
    rows: list[Any] = [[*HEADER, "备注", "备注"], ["甲", "x", 1, "a", "b"]]
    assert len(read(make.workbook(tmp_path / "a.xlsx", rows))[1]) == 1


def test_two_hundred_columns_are_refused(tmp_path: Path) -> None:
    rows: list[Any] = [[*HEADER, *(f"列{n}" for n in range(197))], ["甲"]]
    error = refusal(make.workbook(tmp_path / "a.xlsx", rows))
    assert (error.code, error.detail["found"]) == ("too_many_columns", 200)


def test_too_many_rows_are_refused_while_reading(tmp_path: Path) -> None:
    rows: list[Any] = [HEADER, *(["甲", str(n), n] for n in range(60))]
    assert refusal(make.workbook(tmp_path / "a.xlsx", rows), rows=50).code == "too_many_rows"


def test_an_unclosed_quotation_mark_is_refused_not_swallowed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(",".join(HEADER) + '\n"甲,x,1\n' + "乙,y,2\n" * 20_000, encoding="utf-8")
    assert refusal(path).code == "cell_too_long"


def test_a_file_above_the_limit_is_not_even_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a" * 2_000)
    assert refusal(path, file=1_000).code == "too_large"


def test_the_sparse_sheet_is_refused_and_this_process_lives(tmp_path: Path) -> None:
    path = make.sparse_workbook(tmp_path / ("0" * 64))  # as imports keep it: under its hash
    assert path.stat().st_size < 5_000
    assert refusal(path).code == "no_header"


def test_a_stray_cell_in_the_last_corner_of_a_real_table_is_refused(tmp_path: Path) -> None:
    cells = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>单位名称</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>统一社会信用代码</t></is></c></row>'
        '<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    )
    path = make.raw_workbook(tmp_path / "a.xlsx", make.sheet_xml(cells))
    assert refusal(path).code == "too_many_columns"


def test_a_stray_cell_far_below_does_not_hide_the_table(tmp_path: Path) -> None:
    cells = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>单位名称</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>统一社会信用代码</t></is></c></row>'
        '<row r="1048576"><c r="A1048576"><v>2</v></c></row>'
    )
    _, found = read(make.raw_workbook(tmp_path / "a.xlsx", make.sheet_xml(cells)))
    assert found == [(1_048_576, [2])]


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = make.zip_bomb(tmp_path / "a.xlsx")
    assert path.stat().st_size < 1 << 20
    assert refusal(path).code == "unpacks_too_large"


def test_a_zip_bomb_that_lies_about_its_size_is_contained(tmp_path: Path) -> None:
    error = refusal(make.lying_bomb(tmp_path / "a.xlsx", 600 << 20), memory=256 << 20)
    assert error.code in {"damaged", "too_much_memory", "empty", "no_header"}


def test_a_workbook_that_unpacks_to_too_much_is_refused_even_when_it_packs_badly(tmp_path: Path) -> None:
    path = make.raw_workbook(tmp_path / "a.xlsx", make.sheet_xml(""), media=os.urandom(3 << 20))
    assert refusal(path, unpacked=2 << 20).code == "unpacks_too_large"


def test_what_does_not_fit_the_fast_readers_memory_is_read_slowly(tmp_path: Path) -> None:
    names = "".join(
        f'<c r="{letter}1" t="inlineStr"><is><t>{name}</t></is></c>'
        for letter, name in zip("AB", HEADER[:2], strict=True)
    )
    # One far cell makes a sheet of 5.4 million: 160 MB for a reader that holds it whole, 48 row by row.
    far = '<row r="60000"><c r="A60000"><v>1</v></c><c r="CL60000"><v>2</v></c></row>'
    rows = f'<row r="1">{names}</row><row r="2"><c r="A2"><v>1</v></c></row>{far}'
    path = make.raw_workbook(tmp_path / "a.xlsx", make.sheet_xml(rows))
    assert [number for number, _ in read(path, memory=100 << 20)[1]] == [2, 60_000]


def test_reading_ends_when_it_takes_too_long(tmp_path: Path) -> None:
    rows: list[Any] = [HEADER, *(["天津市测试有限公司", str(n), n] for n in range(100_000))]
    path = make.csv_file(tmp_path / "a.csv", [[str(cell) for cell in row] for row in rows])
    with (
        pytest.raises(SheetRefused) as caught,
        open_table(path, HEADINGS, Limits(seconds=1, rows=10_000_000)) as table,
    ):
        os.kill(_child_of(table), 24)
        for _ in table.rows:
            pass
    assert caught.value.code == "too_slow"


def test_a_child_that_is_killed_half_way_is_an_error_not_a_short_file(tmp_path: Path) -> None:
    rows: list[Any] = [HEADER, *(["天津市测试有限公司", str(n), str(n)] for n in range(50_000))]
    path = make.csv_file(tmp_path / "a.csv", rows)
    with pytest.raises(SheetRefused), open_table(path, HEADINGS) as table:
        next(table.rows)
        os.kill(_child_of(table), 9)
        for _ in table.rows:
            pass


def test_the_child_is_gone_when_the_context_ends_early(tmp_path: Path) -> None:
    rows: list[Any] = [HEADER, *(["天津市测试有限公司", str(n), str(n)] for n in range(50_000))]
    with open_table(make.csv_file(tmp_path / "a.csv", rows), HEADINGS) as table:
        next(table.rows)
        child = _child_of(table)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def _child_of(table: Table) -> int:
    """The only child of this process that runs the reading script."""
    for folder in Path("/proc").iterdir():
        try:
            command = (folder / "cmdline").read_bytes()
            parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
        except (OSError, IndexError):
            continue
        if b"sheets/child.py" in command and parent == str(os.getpid()):
            return int(folder.name)
    raise AssertionError(f"no child reads {table.sheet}")


def test_the_slow_reader_takes_over_what_the_fast_one_cannot_read(tmp_path: Path) -> None:
    path = make.workbook(tmp_path / "a.xlsx", [["标题"], HEADER, ["甲", "x", 3], [], ["乙", "y", 2.5]])
    child = sheets._Child(path, "openpyxl", Limits())
    table = sheets._find_table(child, HEADINGS)
    assert [row.cells for block in table.rows for row in block] == [["甲", "x", 3], ["乙", "y", 2.5]]
    child.close()


def test_every_refusal_has_a_sentence() -> None:
    child = (Path(sheets.__file__).with_name("child.py")).read_text()
    for code in REFUSALS:
        readers = _source(find_header) + _source(reading)
        assert f'"{code}"' in child + Path(sheets.__file__).read_text() + readers


def _source(function: Any) -> str:
    return Path(sys.modules[function.__module__].__file__ or "").read_text()


def test_a_hundred_thousand_rows_stay_under_the_memory_bound(tmp_path: Path) -> None:
    header = [*HEADER, *(f"列{n}" for n in range(9))]
    numbers = "".join(f'<c r="{column_letter(n)}{{n}}"><v>{n}</v></c>' for n in range(2, 12))
    rows = ['<row r="1">', *(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in header), "</row>"]
    for n in range(2, 100_002):
        names = (
            f'<c r="A{n}" t="inlineStr"><is><t>天津第{n}号测试科技有限公司</t></is></c>'
            f'<c r="B{n}" t="inlineStr"><is><t>9100000000000{n:05d}</t></is></c>'
        )
        rows.append(f'<row r="{n}">{names}{numbers.replace("{n}", str(n))}</row>')
    path = make.raw_workbook(tmp_path / "a.xlsx", make.sheet_xml("".join(rows)))
    script = textwrap.dedent(
        f"""
        import resource, sys, threading, time, psutil
        from pathlib import Path
        from app.core.sheets.headings import Heading
        from app.core.sheets.reading import open_table
        peak = 0
        def watch():
            global peak
            me = psutil.Process()
            while True:
                try:
                    peak = max(peak, me.memory_info().rss + sum(c.memory_info().rss for c in me.children()))
                except psutil.Error:
                    pass
                time.sleep(0.01)
        threading.Thread(target=watch, daemon=True).start()
        headings = [Heading("name", ("单位名称",)), Heading("h", ("缴存人数",))]
        with open_table(Path({str(path)!r}), headings) as t:
            print(sum(len(block) for block in t.rows), peak >> 20)
        """
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    count, megabytes = map(int, run.stdout.split())
    assert count == 100_000
    assert megabytes < 300


@pytest.mark.parametrize(
    ("name", "rows", "title"),
    [
        ("contributions_2022-09.xlsx", 483, "2022年9月单位缴存情况统计表"),
        ("bank_new_accounts_2022-09.xlsx", 245, "2022年9月新开立单位银行账户清单"),
        ("social_insurance_2022-09.xlsx", 480, ""),
        ("registry_binhai.csv", 12_057, ""),
    ],
)
def test_the_real_files_are_read_whole(shared_data: Path, name: str, rows: int, title: str) -> None:
    table, found = read(shared_data / name)
    assert (len(found), table.title) == (rows, title)


# --- headings in two rows -----------------------------------------------------------------------

GROUPED = (
    *HEADINGS,
    Heading("handler", ("经办人姓名",)),
    Heading("phone", ("经办人电话", "联系电话")),
    Heading("rate", ("单位缴存比例",)),
)


def grouped(path: Path, upper: list[Any], lower: list[Any], *merged: str) -> Path:
    """A workbook with a title, two rows of headings with merged cells, and one employer."""
    book = Workbook()
    page = book.active
    assert page is not None
    for row in (["滨海区缴存单位一览表"], upper, lower, ["甲公司", "91X", "王芳", "13812345678", 12, "5%"]):
        page.append(row)
    for cells in ("A1:F1", *merged):
        page.merge_cells(cells)
    book.save(path)
    return path


def test_titles_of_groups_above_sub_titles_are_read_together(tmp_path: Path) -> None:
    path = grouped(
        tmp_path / "a.xlsx",
        ["单位名称", "统一社会信用代码", "经办人", None, "缴存", None],
        [None, None, "姓名", "电话", "缴存人数", "单位缴存比例"],
        "A2:A3", "B2:B3", "C2:D2", "E2:F2",
    )  # fmt: skip
    with open_table(path, GROUPED) as table:
        rows = [row.cells for block in table.rows for row in block]
        assert table.columns == {"name": 0, "code": 1, "handler": 2, "phone": 3, "heads": 4, "rate": 5}
        assert (table.title, table.header_row) == ("滨海区缴存单位一览表", 3)
        assert table.header[:4] == ("单位名称", "统一社会信用代码", "经办人姓名", "经办人电话")
    assert rows == [["甲公司", "91X", "王芳", "13812345678", 12, "5%"]]


def test_a_sub_title_that_stands_under_two_groups_is_nobodys_by_itself(tmp_path: Path) -> None:
    path = grouped(
        tmp_path / "a.xlsx",
        ["单位名称", "统一社会信用代码", "经办人", None, "法定代表人", None],
        [None, None, "姓名", "联系电话", "姓名", "联系电话"],
        "C2:D2", "E2:F2",
    )  # fmt: skip
    with open_table(path, GROUPED) as table:
        assert table.columns == {"name": 0, "code": 1, "handler": 2}, "whose the number is nobody can tell"


def test_a_header_of_one_row_is_not_joined_with_what_stands_below_it() -> None:
    head: list[list[Cell] | None] = [
        ["标题", None, None],
        ["单位名称", "统一社会信用代码", "缴存人数"],
        [None, "缴存人数", None],
    ]
    found = find_header(head, HEADINGS)
    assert (found.first, found.last) == (1, 1)
    with pytest.raises(SheetRefused) as refused:
        find_header([["单位名称", "经办人"], [None, "姓名"]], GROUPED)
    assert refused.value.code == "missing_columns"
