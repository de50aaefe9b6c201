"""The measures of the letter format of GB/T 9704-2012, read back from the document itself."""

import dataclasses
import io
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pdfplumber
import pylopdf_fonts_zh_cn
import pypdfium2
import pytest
import zxingcpp
from flask import Flask

from app.config import Settings, bind_settings, current_settings
from app.core.documents import typesetting
from app.core.errors import DomainError
from app.core.qr_codes import drawing
from app.environment import ConfigError
from campaigns.channels.letter.queries import document

pytestmark = pytest.mark.databases("sqlite")

#: points in a millimetre
MM = 72 / 25.4
ISSUER = "滨海市住房公积金管理中心港区管理部"


def letter(**more: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "issuer": ISSUER,
        "signatory": ISSUER,
        "number": "津公积金港函〔2026〕12号",
        "title": "关于及时补缴住房公积金的函",
        "addressee": "滨海甲科技有限公司",
        # more than a page, without punctuation that would be squeezed
        "paragraphs": [{"style": "h1", "text": "一、请及时补缴"}, {"style": "p", "text": "公" * 28 * 60}],
        "enclosures": [],
        "date": "2026年9月5日",
        "note": "联系人：李静",
        "code": "K7M2Q-9XD4T",
        "qr": drawing("https://crm.example.cn/n/abcdefghijklmnop"),
    }
    return values | more


@pytest.fixture
def pages(app: Flask) -> Iterator[list[Any]]:
    with pdfplumber.open(io.BytesIO(document([letter()]))) as read:
        yield list(read.pages)


def lines(page: Any) -> list[list[Any]]:
    """The characters of the body, line by line."""
    body = [c for c in page.chars if round(c["size"]) == 16]
    body.sort(key=lambda c: (round(c["top"], 1), c["x0"]))
    return [list(group) for _top, group in groupby(body, key=lambda c: round(c["top"], 1))]


def test_a_full_page_holds_22_lines_of_28_characters_in_the_type_area(pages: list[Any]) -> None:
    page = pages[1]
    assert (round(page.width / MM), round(page.height / MM)) == (210, 297)
    grid = lines(page)
    assert len(grid) == 22
    assert {len(line) for line in grid} == {28}
    assert grid[0][0]["x0"] / MM == pytest.approx(28, abs=0.3)
    assert grid[0][-1]["x1"] / MM == pytest.approx(184, abs=0.5)
    pitches = {round(below[0]["top"] - above[0]["top"], 2) for above, below in pairwise(grid)}
    assert pitches == {28.95}
    baseline = grid[-1][0]["bottom"] / MM
    assert grid[0][0]["top"] / MM + 0.5 > 37 and baseline < 297 - 35 + 0.5


def test_the_first_page_has_the_issuer_in_red_and_two_pairs_of_rules(pages: list[Any]) -> None:
    first, second = pages[0], pages[1]
    rules = sorted((r for r in first.rects if r["width"] > 100 * MM), key=lambda r: r["top"])
    assert [round(r["width"] / MM) for r in rules] == [170] * 4
    assert all(r["x0"] / MM == pytest.approx(20, abs=0.1) for r in rules)
    upper, lower = rules[:2], rules[2:]
    # the upper pair is thick above thin, the lower one thin above thick
    assert upper[0]["height"] > upper[1]["height"]
    assert lower[0]["height"] < lower[1]["height"]
    assert lower[1]["bottom"] / MM == pytest.approx(277, abs=0.1)
    red = [c for c in first.chars if c["size"] > 24]
    assert "".join(c["text"] for c in red) == ISSUER
    assert {tuple(round(part, 2) for part in c["non_stroking_color"]) for c in red} == {(0.84, 0, 0.06)}
    size = red[0]["size"]
    assert upper[0]["top"] == pytest.approx((30 + 4) * MM + size, abs=0.2)
    assert not [r for r in second.rects if r["width"] > 100 * MM]


def test_number_title_and_addressee_stand_where_they_belong(pages: list[Any]) -> None:
    first = pages[0]
    words = {w["text"]: w for w in first.extract_words(keep_blank_chars=True)}
    number = words["津公积金港函〔2026〕12号"]
    assert number["x1"] / MM == pytest.approx(184, abs=1.5)
    title = [c for c in first.chars if round(c["size"]) == 22]
    assert "".join(c["text"] for c in title) == "关于及时补缴住房公积金的函"
    assert (title[0]["x0"] + title[-1]["x1"]) / 2 / MM == pytest.approx(28 + 78, abs=0.5)
    assert words["滨海甲科技有限公司："]["x0"] / MM == pytest.approx(28, abs=0.3)


def test_all_pages_but_the_first_are_numbered_odd_ones_at_the_right(pages: list[Any]) -> None:
    assert "—" not in pages[0].extract_text()
    numbers = [[c for c in page.chars if round(c["size"]) == 14] for page in pages]
    assert ["".join(c["text"] for c in one) for one in numbers[1:3]] == ["— 2 —", "— 3 —"]
    even, odd = numbers[1], numbers[2]
    assert even[0]["x0"] / MM == pytest.approx(28 + 156 / 28, abs=0.5)
    assert odd[-1]["x1"] / MM == pytest.approx(184 - 156 / 28, abs=1)


def test_the_seal_box_is_blank_but_for_name_and_date(pages: list[Any]) -> None:
    last = pages[-1]
    box = next(r for r in [*last.rects, *last.curves] if round(r["width"] / MM) == 42)
    inside = [
        c
        for c in last.chars
        if box["x0"] < c["x0"] and c["x1"] < box["x1"] and box["top"] < c["top"] < box["bottom"]
    ]
    assert "2026年9月5日" in "".join(c["text"] for c in inside)
    assert not last.images


def test_the_code_on_the_paper_reads_as_its_link(app: Flask) -> None:
    with closing(pypdfium2.PdfDocument(document([letter()]))) as read:
        first = read[0].render(scale=300 / 72).to_pil()
    found = zxingcpp.read_barcodes(first)
    assert [one.text for one in found] == ["https://crm.example.cn/n/abcdefghijklmnop"]


def test_headings_and_the_seal_do_not_stand_alone_and_a_long_number_keeps_its_line(app: Flask) -> None:
    """Whatever the length of the text before them."""
    number = "滨海市住房公积金管理中心港区管理部函〔2026〕1012号"
    made = [
        letter(number=number, paragraphs=[
            *[{"style": "p", "text": "公" * 20}] * rows, {"style": "h1", "text": "二、怎样办理"},
            {"style": "p", "text": "末" * 40},
        ])
        for rows in range(11, 22)
    ]  # fmt: skip
    with pdfplumber.open(io.BytesIO(document(made, duplex=False))) as read:
        texts = [page.extract_text() for page in read.pages]
        chars = read.pages[0].chars
    for text in texts:
        body = [line for line in text.splitlines() if not line.startswith("—")]
        assert not body[-1].startswith("二、怎样办理")
        assert "2026年9月5日" not in text or "末" in text
    # the words beside the QR code stand in the middle of its 19 mm
    words_top = min(c["top"] for c in chars if round(c["size"]) == 9)
    assert max(c["bottom"] for c in chars if c["text"] in "〔〕") < words_top - 5 * MM
    assert any(line.startswith(ISSUER[:3]) and line.endswith("1012号") for line in texts[0].splitlines())


def test_the_lines_of_a_long_title_are_of_like_length(app: Flask) -> None:
    titles = ("关于协助职工办理住房公积金异地转移接续的函", "关于开展住房公积金缴存情况联合检查的通知书")
    made = document([letter(title=one) for one in titles])
    with pdfplumber.open(io.BytesIO(made)) as read:
        for page, broken in ((0, "异地转移接续的函"), (4, "缴存情况联合检查的通知书")):
            assert broken in read.pages[page].extract_text().splitlines()


def test_the_paper_says_where_its_code_is_typed_and_the_words_keep_clear_of_the_number(app: Flask) -> None:
    made = document([letter(verify_at="crm.example.cn/n/letter")])
    with pdfplumber.open(io.BytesIO(made)) as read:
        small = [c for c in read.pages[0].chars if round(c["size"]) == 9]
        number = next(c for c in read.pages[0].chars if c["text"] == "津")
    assert "crm.example.cn/n/letter" in "".join(c["text"] for c in small)
    assert max(c["x1"] for c in small) < number["x0"]


def test_the_seal_keeps_lines_of_a_long_last_paragraph_too(app: Flask) -> None:
    """The paragraph reads as one, wherever the page ends."""
    last = "末尾，段落（2026年9月共12,345.67元）。" * 12
    made = [
        letter(paragraphs=[{"style": "p", "text": "公" * 20}] * rows + [{"style": "p", "text": last}])
        for rows in range(1, 14)
    ]
    with pdfplumber.open(io.BytesIO(document(made, duplex=False))) as read:
        for page in read.pages:
            text = page.extract_text()
            assert "2026年9月5日" not in text or "段落" in text
        body = "".join(c["text"] for page in read.pages for c in page.chars if round(c["size"]) == 16)
        starts = [row[0]["text"] for page in read.pages for row in lines(page)]
        ends = [row[-1]["text"] for page in read.pages for row in lines(page)]
    assert body.count(last) == 13
    assert not set("，。、）") & set(starts) and "（" not in ends


def table(rows: int) -> dict[str, Any]:
    cells = [[f"2026年{n}月", "12,345.00元"] for n in range(1, rows + 1)]
    return {
        "style": "table",
        "head": ["欠缴月份", "应缴金额"],
        "rows": cells,
        "figures": [False, True],
    }


def test_a_small_table_stays_whole_and_a_long_one_repeats_its_head(app: Flask) -> None:
    lead, closing = {"style": "p", "text": "欠缴明细如下："}, {"style": "p", "text": "特此函告。"}
    fillers = range(6, 14)
    small = [
        letter(paragraphs=[{"style": "p", "text": "公"}] * n + [lead, table(6), closing]) for n in fillers
    ]
    with pdfplumber.open(io.BytesIO(document(small, duplex=False))) as read:
        texts = [page.extract_text() for page in read.pages]
    with_table = [text for text in texts if "欠缴月份" in text]
    assert len(with_table) == len(fillers)
    assert all("欠缴明细如下" in text and "2026年6月" in text for text in with_table)
    with pdfplumber.open(io.BytesIO(document([letter(paragraphs=[lead, table(60), closing])]))) as read:
        pages = read.pages
        texts = [page.extract_text() for page in pages]
        rows = [row for page in pages for found in page.extract_tables() for row in found]
        figures = [c for c in pages[1].chars if c["text"] == "元" and round(c["size"]) == 14]
    heads = [row for row in rows if row[0] == "欠缴月份"]
    assert len(heads) == sum("2026年" in text and "12,345" in text for text in texts) > 1
    assert [row[0] for row in rows if row not in heads] == [f"2026年{n}月" for n in range(1, 61)]
    assert len({round(c["x1"]) for c in figures}) == 1 and figures[0]["x1"] / MM < 184


def test_every_letter_begins_on_a_sheet_of_its_own_and_counts_its_own_pages(app: Flask) -> None:
    three = document([letter(), letter(paragraphs=[]), letter()])
    with pdfplumber.open(io.BytesIO(three)) as read:
        texts = [page.extract_text() for page in read.pages]
    assert typesetting.pages(three) == len(texts)
    starts = [n for n, words in enumerate(texts) if "〔2026〕12号" in words]
    assert len(starts) == 3 and all(start % 2 == 0 for start in starts)
    assert "— 2 —" in texts[starts[2] + 1]


def test_the_same_letter_gives_the_same_bytes_and_data_are_only_text(app: Flask) -> None:
    hostile = letter(
        addressee='#panic("x")\\ *粗* $x$ <a> @b', paragraphs=[{"style": "p", "text": '#import "x"'}]
    )
    once = document([hostile])
    assert once == document([hostile])
    with pdfplumber.open(io.BytesIO(once)) as read:
        words = read.pages[0].extract_text()
    assert '#panic("x")' in words and "*粗*" in words and '#import "x"' in words


def test_fonts_of_the_site_come_before_the_free_ones(app: Flask, tmp_path: Path) -> None:
    own = tmp_path / "fonts"
    own.mkdir()
    sans = Path(pylopdf_fonts_zh_cn.sans_path())
    (own / "a.otf").write_bytes(sans.read_bytes())
    kept = current_settings()
    bind_settings(app, dataclasses.replace(kept, fonts=own))
    try:
        assert typesetting.folders()[0] == own
        assert document([letter()]).startswith(b"%PDF-")
    finally:
        bind_settings(app, kept)
    with pytest.raises(ConfigError, match="JINNUO_FONTS"):
        Settings.from_environment({"JINNUO_HOME": str(tmp_path), "JINNUO_FONTS": str(tmp_path / "none")})


def test_the_fonts_are_the_roles_of_the_standard(pages: list[Any]) -> None:
    first = pages[0]
    heading = [c for c in first.chars if c["text"] in "请及时补缴" and round(c["size"]) == 16]
    assert heading and all("Sans" in c["fontname"] for c in heading)
    assert all("Serif" in c["fontname"] for c in first.chars if c["text"] == "公" and round(c["size"]) == 16)


def test_what_takes_too_much_memory_is_refused(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typesetting, "MEMORY", 64 << 20)
    with pytest.raises(DomainError, match=r"typeset|排版"):
        document([letter()])
