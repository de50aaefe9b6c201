"""An audience from a list: matched by code or account number, the rest given back with reasons."""

import html
import io
import re
from base64 import b64decode
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import Workbook, load_workbook
from sqlalchemy import select

from app.accounts.models import User
from app.core.criteria.segments import Segment
from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import Role
from app.employers.handpicked.models import SegmentMember
from app.employers.lists import select_employers
from campaigns.drafting.uploads.services import take
from campaigns.drafting.uploads.views import SHOWN
from tests.factories import create_branch, create_employer, create_user, sign_in

pytestmark = pytest.mark.databases("sqlite")
CODES = ("91120000000020016M", "92120000000000001J")


@pytest.fixture
def author(app: Flask) -> User:
    return create_user(Role.SPECIALIST, branch=create_branch())


def workbook(*rows: tuple[Any, ...]) -> io.BytesIO:
    book = Workbook()
    sheet = book.create_sheet(index=0)
    for row in rows:
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    stream.seek(0)
    return stream


def test_lines_fit_by_code_or_account_and_the_others_say_why(author: User) -> None:
    by_code = create_employer(author.branch, uscc=CODES[0])
    by_account = create_employer(author.branch, employer_account_no="201000123")
    create_employer(uscc=CODES[1])
    create_employer(author.branch, employer_account_no="201000124")
    made = take(
        workbook(
            ("名单", None, None),
            ("单位名称", "统一社会信用代码", "单位账号"),
            ("甲", CODES[0].lower(), None),
            ("乙", None, 201000123),
            ("丙", CODES[1], None),
            ("丁", CODES[0][:17] + ("0" if CODES[0][17] != "0" else "1"), None),
            ("戊", None, None),
            ("己", CODES[0], None),
            # a code alone decides: an account beside a wrong one may have slipped by a row
            ("庚", "91120000", "201000124"),
            ("辛", CODES[1], "201000124"),
        ),
        "名单",
        author,
    )
    assert [one.number for one in made.unmatched] == [5, 6, 7, 8, 9, 10]
    assert all(str(one.reason) for one in made.unmatched)
    assert "3" in str(made.unmatched[3].reason)
    found = db.session.scalars(select_employers(made.segment.tree, author)).all()
    assert {one.id for one in found} == {by_code.id, by_account.id}


def test_a_list_of_nobody_and_what_is_no_list_make_no_segment(author: User) -> None:
    for stream in (
        workbook(("统一社会信用代码",), (CODES[0],)),
        workbook(("单位名称", "备注"), ("甲", "乙")),
        io.BytesIO(b"%PDF-1.4 nothing"),
    ):
        with pytest.raises(DomainError):
            take(stream, "名单", author)
    for text, said in (
        ("统一社会信用代码\n", "表头下没有内容"),
        ("甲\n乙\n", "“统一社会信用代码”或“单位账号”"),
    ):
        with pytest.raises(DomainError) as refusal:
            take(io.BytesIO(text.encode()), "名单", author)
        assert said in str(refusal.value.message)
    assert db.session.scalars(select(SegmentMember)).all() == []


def test_a_list_is_read_on_its_page_and_leads_to_the_campaign(client: FlaskClient, author: User) -> None:
    create_employer(author.branch, uscc=CODES[0])
    db.session.commit()
    sign_in(client, author)
    assert client.get("/campaigns/list").status_code == 200
    text = f"统一社会信用代码\n{CODES[0]}\n{CODES[1]}\n".encode()
    page = client.post("/campaigns/list", data={"file": (io.BytesIO(text), "宣讲名单.csv")})
    segment = db.session.scalars(select(Segment)).one()
    assert page.status_code == 200 and f"segment={segment.id}" in page.text and CODES[1] in page.text
    assert client.post("/campaigns/list", data={}).status_code == 422
    sign_in(client, create_user(Role.AUDIT_ADMIN))
    assert client.get("/campaigns/list").status_code == 403


def test_every_line_that_was_left_out_is_in_a_workbook(client: FlaskClient, author: User) -> None:
    """The page lists the first of them only, and the file is not kept."""
    create_employer(author.branch, uscc=CODES[0])
    db.session.commit()
    sign_in(client, author)
    lines = [CODES[0], *(f"91{number:016d}" for number in range(SHOWN + 20))]
    text = "统一社会信用代码\n" + "\n".join(lines) + "\n"
    page = client.post("/campaigns/list", data={"file": (io.BytesIO(text.encode()), "名单.csv")}).text
    assert lines[SHOWN] in page
    assert lines[-1] not in page
    link = re.search(r'href="data:[^"]*;base64,([^"]+)" download="未采用的行 [^"]+\.xlsx"', page)
    assert link
    sheet = load_workbook(io.BytesIO(b64decode(html.unescape(link[1])))).active
    assert sheet is not None
    rows = list(sheet.values)
    assert len(rows) == 1 + SHOWN + 20
    assert rows[-1][:2] == (len(lines) + 1, lines[-1])
    assert "校验位" in str(rows[-1][2])
