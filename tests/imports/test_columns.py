"""Files with headings of their own: a person says which column is which, and it is remembered."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.accounts.models import User
from app.core.db import db
from app.core.importing.spec import ImportSpec
from app.core.permissions import Role
from app.core.sheets.headings import Heading, Named, find_header, fingerprint, guess_header
from app.core.sheets.refusals import SheetRefused
from app.employers.models import Employer
from app.imports import jobs
from app.imports.columns.models import ColumnMemory
from app.imports.models import BatchState, ImportBatch
from tests import spreadsheets
from tests.factories import create_branch, create_user, sign_in
from tests.imports.sample import credit_code_of, registered
from tests.spreadsheets import as_upload

STRANGE = ["客户号", "机构代码证", "客户全称", "开卡日", "在册人数", "备注"]
CHOSEN = {"c0": "", "c1": "uscc", "c2": "name", "c3": "account_opened_on", "c4": "heads", "c5": ""}
BANK = "建行油田支行"


@pytest.fixture
def spec(app: Flask) -> Iterator[ImportSpec]:
    with registered(app) as spec:
        yield spec


@pytest.fixture
def user(client: FlaskClient, spec: ImportSpec) -> User:
    user = create_user(Role.SPECIALIST)
    sign_in(client, user)
    return user


def strange(folder: Path, *numbers: int, name: str = "行内名单.xlsx", titles: Any = STRANGE) -> Path:
    rows = [[f"K{n}", credit_code_of(n), f"测试单位{n}有限公司", "2022/9/5", str(n), "略"] for n in numbers]
    return spreadsheets.workbook(
        folder / name, [["客户清单（内部）"], ["制表：张三", None, "2022年9月"], titles, *rows]
    )


def uploaded(client: FlaskClient, path: Path, **fields: str) -> ImportBatch:
    response = client.post("/imports/new/sample", data={"file": as_upload(path), **fields})
    assert response.status_code == 303
    return latest()


def latest() -> ImportBatch:
    return db.session.scalars(select(ImportBatch).order_by(ImportBatch.id.desc()).limit(1)).one()


def named(client: FlaskClient, batch: ImportBatch, source: str = BANK, **changes: str) -> ImportBatch:
    data = {**CHOSEN, "source": source, "at": "3", **changes}
    response = client.post(f"/imports/columns/of/{batch.id}", data=data)
    assert response.status_code == 303
    return latest()


def test_a_file_of_unknown_headings_waits_for_a_person_who_says_which_is_which(
    client: FlaskClient, user: User, tmp_path: Path
) -> None:
    batch = uploaded(client, strange(tmp_path, 1, 2))
    assert batch.state is BatchState.UNMAPPED
    assert f"/imports/columns/of/{batch.id}" in client.get(f"/imports/{batch.id}").text
    page = client.get(f"/imports/columns/of/{batch.id}").text
    assert "客户全称" in page
    assert "测试单位1有限公司 · 测试单位2有限公司" in page  # the first rows, as a sample
    batch = named(client, batch)
    assert (batch.state, batch.new, batch.source) == (BatchState.PREVIEWED, 2, BANK)
    shown = client.get(f"/imports/{batch.id}").text
    assert "客户号、备注" in shown  # left out
    client.post(f"/imports/{batch.id}/apply")
    jobs.run_batch(batch.id)
    found = db.session.scalars(select(Employer).order_by(Employer.id)).all()
    assert [(one.name, one.heads) for one in found] == [("测试单位1有限公司", 1), ("测试单位2有限公司", 2)]


def test_the_next_file_of_the_source_is_read_by_itself_and_the_page_says_so(
    client: FlaskClient, user: User, tmp_path: Path
) -> None:
    named(client, uploaded(client, strange(tmp_path, 1)))
    # other width, blanks and a star make no other headings; nobody says whose file it is
    varied = ["客户号", " 机构代码证*", "客户全称（必填）", "开卡日", "在册人数", "备注"]
    batch = uploaded(client, strange(tmp_path, 2, 3, name="十月.xlsx", titles=varied))
    assert (batch.state, batch.new, batch.source) == (BatchState.PREVIEWED, 2, BANK)
    assert batch.layout is not None
    assert (batch.layout["by"], batch.layout["source"]) == (user.name, BANK)
    page = client.get(f"/imports/{batch.id}").text
    assert user.name in page
    assert batch.layout["on"] in page
    # of another source nothing is known
    assert uploaded(client, strange(tmp_path, 4), source="社保局").state is BatchState.UNMAPPED
    # another header row of the same source is asked about
    assert (
        uploaded(client, strange(tmp_path, 5, titles=STRANGE[:-1]), source=BANK).state is BatchState.UNMAPPED
    )


def test_what_was_shown_is_applied_though_the_columns_were_corrected_meanwhile(
    client: FlaskClient, user: User, tmp_path: Path
) -> None:
    batch = named(client, uploaded(client, strange(tmp_path, 7)))
    memory = db.session.scalars(select(ColumnMemory)).one()
    response = client.post(f"/imports/columns/{memory.id}", data={**CHOSEN, "c4": ""})
    assert response.status_code == 302 or response.status_code == 303
    client.post(f"/imports/{batch.id}/apply")
    jobs.run_batch(batch.id)
    assert db.session.scalars(select(Employer.heads)).one() == 7
    other = uploaded(client, strange(tmp_path, 8))
    assert other.layout is not None
    assert "heads" not in other.layout["columns"]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"c0": "name"}, "A、C"),  # two columns of the file for one
        ({"c1": ""}, "Credit code"),  # the key is missing
        ({"c1": "nonsense"}, "Credit code"),
    ],
)
def test_a_choice_that_cannot_be_read_is_refused_and_changes_nothing(
    client: FlaskClient, user: User, tmp_path: Path, changes: dict[str, str], says: str
) -> None:
    batch = uploaded(client, strange(tmp_path, 1))
    data = {**CHOSEN, "source": BANK, "at": "3", **changes}
    response = client.post(f"/imports/columns/of/{batch.id}", data=data)
    assert response.status_code == 422
    assert says in response.text
    assert latest().state is BatchState.UNMAPPED
    assert db.session.scalar(select(func.count()).select_from(ColumnMemory)) == 0


def test_forgotten_columns_are_asked_about_again_and_another_branch_knows_nothing_of_them(
    client: FlaskClient, user: User, tmp_path: Path
) -> None:
    named(client, uploaded(client, strange(tmp_path, 1)))
    memory = db.session.scalars(select(ColumnMemory)).one()
    assert BANK in client.get("/imports/columns").text
    stranger = create_user(Role.SPECIALIST, branch=create_branch())
    sign_in(client, stranger)
    assert BANK not in client.get("/imports/columns").text
    assert client.post(f"/imports/columns/{memory.id}/forget").status_code == 404
    assert uploaded(client, strange(tmp_path, 1)).state is BatchState.UNMAPPED
    sign_in(client, user)
    assert client.post(f"/imports/columns/{memory.id}/forget").status_code == 303
    assert uploaded(client, strange(tmp_path, 2)).state is BatchState.UNMAPPED


@pytest.mark.databases("sqlite")
def test_one_who_may_not_import_names_no_columns(client: FlaskClient, user: User, tmp_path: Path) -> None:
    batch = uploaded(client, strange(tmp_path, 1))
    sign_in(client, create_user(Role.ENFORCEMENT_OFFICER, branch=user.branch))
    assert client.post(f"/imports/columns/of/{batch.id}", data=CHOSEN).status_code == 403


def test_the_command_line_uses_what_is_remembered(
    app: Flask, client: FlaskClient, user: User, tmp_path: Path
) -> None:
    named(client, uploaded(client, strange(tmp_path, 1)))
    path = strange(tmp_path, 1, 2)
    options = ["imports", "apply", "sample", str(path), "--json", "--user", user.username]
    unknown = app.test_cli_runner().invoke(args=[*options, "--source", "社保局"])
    assert unknown.exit_code == 1
    known = app.test_cli_runner().invoke(args=[*options, "--source", f" {BANK} "])
    assert known.exit_code == 0, known.output
    assert json.loads(known.stdout)["new"] == 2
    assert latest().source == BANK


HEADINGS = (Heading("code", ("信用代码",), True), Heading("name", ("名称",), True))


def test_a_header_is_told_by_how_it_reads_and_a_person_goes_before_what_is_known() -> None:
    assert fingerprint(["名 称*", "ＣＯＤＥ（18位）"]) == fingerprint(["名称", "code", "", ""])
    assert fingerprint(["名称", "code"]) != fingerprint(["code", "名称"])
    head = [["2022年"], ["信用代码", "名称", "曾用名"], ["1", "甲", "乙"]]
    said = Named(("信用代码", "名称", "曾用名"), ("code", None, "name"))
    assert find_header(head, HEADINGS, [said]).columns == {"code": 0, "name": 2}
    assert find_header(head, HEADINGS).columns == {"code": 0, "name": 1}
    with pytest.raises(SheetRefused):
        find_header(head, HEADINGS, [Named(said.titles, ("code", None, None))])


def test_the_likeliest_header_of_a_strange_sheet_is_the_row_of_words() -> None:
    head = [
        ["内部资料"],
        ["编号", "客户", "日期"],
        ["1", "甲公司", "2022-09-01"],
        ["2", "乙公司", "2022-09-02"],
    ]
    assert guess_header(head, HEADINGS).titles == ("编号", "客户", "日期")
    assert guess_header([], HEADINGS).titles == ()
