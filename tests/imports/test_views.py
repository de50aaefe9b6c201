"""Imports in the browser: upload, dry run, apply, rejected rows, undo; and who may not."""

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale, gettext
from openpyxl import load_workbook
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.accounts.models import User
from app.audit.services import acting_as
from app.core.clock import now
from app.core.db import db
from app.core.importing.spec import ImportSpec
from app.core.permissions import Role
from app.core.sheets.headings import WHY_LEFT_OUT
from app.employers.models import Employer
from app.imports import jobs, queries
from app.imports.models import BatchState, ImportBatch
from app.imports.services import start_undoing
from app.imports.workflow import LEASE
from tests import spreadsheets as make
from tests.contributions.statements import apply, line, statement
from tests.factories import create_branch, create_user, sign_in
from tests.imports.sample import credit_code_of, registered, row, variant, workbook
from tests.spreadsheets import as_upload


@pytest.fixture
def spec(app: Flask) -> Iterator[ImportSpec]:
    with registered(app) as spec:
        yield spec


@pytest.fixture
def user(client: FlaskClient, spec: ImportSpec) -> User:
    user = create_user(Role.SPECIALIST)
    sign_in(client, user)
    return user


def upload(client: FlaskClient, path: Path, **fields: str) -> TestResponse:
    return client.post("/imports/new/sample", data={"file": as_upload(path), **fields})


def uploaded(client: FlaskClient, path: Path) -> ImportBatch:
    response = upload(client, path)
    assert response.status_code == 303
    return latest()


def latest() -> ImportBatch:
    return db.session.scalars(select(ImportBatch).order_by(ImportBatch.id.desc()).limit(1)).one()


def settled(batch: ImportBatch) -> ImportBatch:
    """What a worker would do after the request."""
    batch_id = batch.id
    jobs.run_batch(batch_id)
    return db.session.get_one(ImportBatch, batch_id, populate_existing=True)


def test_a_small_file_shows_its_dry_run_at_once(client: FlaskClient, user: User, tmp_path: Path) -> None:
    rows = [row(1), row(2), row(3, uscc="911200001030663878")]
    batch = uploaded(client, workbook(tmp_path, rows, "名单.xlsx"))
    assert batch.state is BatchState.PREVIEWED
    page = client.get(f"/imports/{batch.id}").text
    assert "名单.xlsx" in page
    assert credit_code_of(1) in page
    assert f"/imports/{batch.id}/apply" in page
    assert "911200001030663878" in client.get(f"/imports/{batch.id}?tab=rejected").text
    assert db.session.scalar(select(func.count()).select_from(Employer)) == 0


def test_apply_undo_and_history(client: FlaskClient, user: User, tmp_path: Path) -> None:
    batch = uploaded(client, workbook(tmp_path, [row(1), row(2)]))
    assert client.post(f"/imports/{batch.id}/apply").status_code == 303
    page = client.get(f"/imports/{batch.id}").text
    assert f"/imports/{batch.id}/progress" in page
    assert 'hx-trigger="every 1s"' in page
    progress = client.get(f"/imports/{batch.id}/progress").text
    assert "<progress" in progress and 'id="import-counts" hx-swap-oob="true"' in progress
    assert "没有进展" not in progress
    batch = db.session.get_one(ImportBatch, batch.id)
    batch.worker, batch.lease_until = "killed", now() + LEASE - timedelta(seconds=40)
    db.session.commit()
    silent = client.get(f"/imports/{batch.id}/progress").text
    told = re.search(r"已有(\d+)秒没有进展.*约(\d+)秒后", silent)
    assert told and 40 <= int(told[1]) <= 50 and 20 <= int(told[2]) <= 30
    batch.worker = batch.lease_until = None
    db.session.commit()
    assert settled(batch).state is BatchState.APPLIED
    assert client.get(f"/imports/{batch.id}/progress").headers["HX-Refresh"] == "true"
    again = uploaded(client, workbook(tmp_path, [row(1, heads=9), row(2)], "again.xlsx"))
    changed = client.get(f"/imports/{again.id}?tab=changed").text
    assert re.search(r"<del>.*1</del>.*<ins>.*9</ins>", changed, re.DOTALL)
    assert client.post(f"/imports/{batch.id}/undo").status_code == 303
    assert settled(batch).state is BatchState.UNDONE
    assert db.session.scalar(select(func.count()).select_from(Employer)) == 0
    gone = queries.page(batch, queries.spec_named("sample"), "new").rows
    assert [one.record_id for one in gone] == [None, None]  # a link would lead nowhere
    history = client.get("/imports").text
    assert "again.xlsx" in history
    assert f"/imports/{batch.id}" in history


def test_the_same_file_is_recognised(client: FlaskClient, user: User, tmp_path: Path) -> None:
    path = workbook(tmp_path, [row(1)])
    first = uploaded(client, path)
    client.post(f"/imports/{first.id}/apply")
    settled(first)
    second = uploaded(client, path)
    page = client.get(f"/imports/{second.id}").text
    assert f'href="/imports/{first.id}"' in page
    assert f"/imports/{second.id}/apply" not in page


def test_a_double_clicked_apply_is_done_once(client: FlaskClient, user: User, tmp_path: Path) -> None:
    batch = uploaded(client, workbook(tmp_path, [row(1)]))
    assert client.post(f"/imports/{batch.id}/apply").status_code == 303
    assert client.post(f"/imports/{batch.id}/apply").status_code in {302, 303, 409}
    settled(batch)
    assert db.session.scalar(select(func.count()).select_from(Employer)) == 1


def test_a_large_file_is_left_to_a_worker(
    client: FlaskClient, user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "SMALL", 10)
    batch = uploaded(client, workbook(tmp_path, [row(1)]))
    assert batch.state is BatchState.PREVIEWING
    page = client.get(f"/imports/{batch.id}").text
    assert f"/imports/{batch.id}/progress" in page
    assert "/ 0" not in page  # how many rows there are is known at the end
    assert settled(batch).state is BatchState.PREVIEWED


def test_rejected_rows_download_as_a_workbook(client: FlaskClient, user: User, tmp_path: Path) -> None:
    batch = uploaded(client, workbook(tmp_path, [row(1), row(2, heads=-4)]))
    response = client.get(f"/imports/{batch.id}/rejected.xlsx")
    page = load_workbook(io.BytesIO(response.data)).active
    assert page is not None
    rows = list(page.iter_rows(values_only=True))
    assert len(rows) == 2
    assert rows[1][0] == credit_code_of(2)
    assert "-4" in str(rows[1][-1])


@pytest.mark.databases("sqlite")
def test_corrected_rows_are_read_as_the_file_they_come_from(
    client: FlaskClient, user: User, tmp_path: Path
) -> None:
    titles, wrong = ["客户号", "机构代码证", "客户全称"], credit_code_of(2)[:-1] + "*"
    rows = [["客户清单"], titles, ["1", credit_code_of(1), "甲"], ["2", wrong, "乙"]]
    fields = {"source": "建行", "as_of": "2022-09-15"}
    with registered(client.application, variant(name="listed", needs_as_of=True)):
        path = make.workbook(tmp_path / "名单.xlsx", rows)
        client.post("/imports/new/listed", data={"file": as_upload(path), **fields})
        chosen = {"c0": "", "c1": "uscc", "c2": "name"}
        client.post(f"/imports/columns/of/{latest().id}", data={"at": "2", **chosen, "source": "建行"})
        batch = latest()
        client.post(f"/imports/{batch.id}/apply")
        assert (settled(batch).new, batch.rejected) == (1, 1)
        assert f"/imports/new/listed?like={batch.id}" in client.get(f"/imports/{batch.id}").text
        form = client.get(f"/imports/new/listed?like={batch.id}").text
        assert 'value="建行"' in form and 'value="2022-09-15"' in form
        response = client.get(f"/imports/{batch.id}/rejected.xlsx")
        assert "202209" in response.headers["Content-Disposition"]
        book = load_workbook(io.BytesIO(response.data))
        book.worksheets[0]["B2"] = credit_code_of(2)
        book.save(tmp_path / "again.xlsx")
        client.post("/imports/new/listed", data={"file": as_upload(tmp_path / "again.xlsx"), **fields})
        again = latest()
        assert (again.id > batch.id, again.state, again.new) == (True, BatchState.PREVIEWED, 1)
        assert "未导入原因" not in client.get(f"/imports/{again.id}").text


def test_the_last_column_of_rejected_rows_is_known_in_both_languages(app: Flask) -> None:
    for language, heading in zip(("en", "zh_Hans_CN"), WHY_LEFT_OUT, strict=True):
        with app.test_request_context(), force_locale(language):
            assert gettext("Why it was not imported") == heading


@pytest.mark.databases("sqlite")
def test_the_template_has_the_headings(client: FlaskClient, user: User, spec: ImportSpec) -> None:
    response = client.get("/imports/new/sample/template.xlsx")
    page = load_workbook(io.BytesIO(response.data)).active
    assert page is not None
    assert [cell.value for cell in page[1]] == [column.aliases[0] for column in spec.columns]


@pytest.mark.databases("sqlite")
def test_the_upload_page_lists_the_columns(client: FlaskClient, user: User) -> None:
    assert "/imports/new/sample" in client.get("/imports/new").text
    assert "统一社会信用代码" in client.get("/imports/new/sample").text


@pytest.mark.databases("sqlite")
def test_no_file_is_an_error_of_the_form(client: FlaskClient, user: User) -> None:
    response = client.post("/imports/new/sample", data={})
    assert response.status_code == 422


@pytest.mark.databases("sqlite")
def test_what_is_no_spreadsheet_is_refused_and_leaves_nothing(
    client: FlaskClient, user: User, tmp_path: Path
) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"%PDF-1.7 nothing to see")
    response = upload(client, path)
    assert response.status_code in {302, 303, 422}
    assert db.session.scalar(select(func.count()).select_from(ImportBatch)) == 0


@pytest.mark.databases("sqlite")
def test_a_file_without_headings_says_so(client: FlaskClient, user: User, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("甲,乙\n1,2\n", encoding="gbk")
    batch = uploaded(client, path)
    assert batch.state is BatchState.UNMAPPED
    assert "统一社会信用代码" in client.get(f"/imports/{batch.id}").text


@pytest.mark.databases("sqlite")
def test_a_file_of_headings_alone_says_that_rows_are_missing(
    client: FlaskClient, user: User, tmp_path: Path
) -> None:
    batch = uploaded(client, workbook(tmp_path, []))
    assert batch.state is BatchState.FAILED
    assert "表头下没有数据" in client.get(f"/imports/{batch.id}").text


@pytest.mark.databases("sqlite")
def test_month_and_day_are_asked_only_where_needed(client: FlaskClient, app: Flask, user: User) -> None:
    assert 'name="as_of"' not in client.get("/imports/new/sample").text
    with registered(app, variant(name="monthly", needs_period=True, needs_as_of=True)):
        page = client.get("/imports/new/monthly").text
        assert 'name="as_of"' in page
        assert 'name="period"' in page
        response = client.post("/imports/new/monthly", data={"period": "2022-19", "as_of": "2099-01-01"})
        assert response.status_code == 422


def test_a_batch_of_another_branch_does_not_exist(client: FlaskClient, user: User, tmp_path: Path) -> None:
    batch = uploaded(client, workbook(tmp_path, [row(1), row(2, heads=-4)]))
    number = batch.id
    sign_in(client, create_user(Role.SPECIALIST, branch=create_branch()))
    for path in ("", "/progress", "/rejected.xlsx"):
        assert client.get(f"/imports/{number}{path}").status_code == 404
    for step in ("apply", "cancel", "undo"):
        assert client.post(f"/imports/{number}/{step}").status_code == 404
    assert latest().state is BatchState.PREVIEWED


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("role", [Role.ENFORCEMENT_OFFICER, Role.AUDIT_ADMIN, Role.BANK_PARTNER])
def test_roles_that_may_not_import_are_refused(
    client: FlaskClient, app: Flask, spec: ImportSpec, role: Role
) -> None:
    sign_in(client, create_user(role))
    assert client.get("/imports/new").status_code == 403
    assert client.post("/imports/new/sample", data={}).status_code == 403


@pytest.mark.databases("sqlite")
def test_a_kind_that_needs_another_permission_is_hidden_from_those_without(
    client: FlaskClient, app: Flask, user: User
) -> None:
    with registered(app, variant(name="secret", permission="accounts:view_users")):
        assert "/imports/new/secret" not in client.get("/imports/new").text
        assert client.get("/imports/new/secret").status_code == 404


def test_what_stands_in_the_way_of_an_undo_is_named_with_who_and_which_import(
    client: FlaskClient, user: User, tmp_path: Path
) -> None:
    def taken_in(*rows: list[Any]) -> ImportBatch:
        batch = uploaded(client, workbook(tmp_path, list(rows)))
        client.post(f"/imports/{batch.id}/apply")
        return settled(batch)

    taken_in(row(1), row(2))
    batch = taken_in(row(1, heads=50), row(2, heads=60))
    later = taken_in(row(2, heads=70))
    colleague = create_user(Role.SPECIALIST, name="李敏", branch=user.branch)
    with acting_as(colleague):
        db.session.scalars(select(Employer).where(Employer.uscc == credit_code_of(1))).one().heads = 51
        db.session.commit()
    start_undoing(batch)
    db.session.commit()
    assert settled(batch).kept == 2
    page = client.get(f"/imports/{batch.id}").text
    assert "修改人：李敏" in page
    assert page.count("修改人") == 1, "the other row was changed by a file"
    assert f'此后导入且仍有效的有：\n<a href="/imports/{later.id}"' in page


def test_a_file_of_an_earlier_day_says_so_before_it_is_applied(app: Flask, tmp_path: Path) -> None:
    client = app.test_client()
    sign_in(client, create_user(Role.MANAGER, branch=create_branch("00")))
    apply(app, statement(tmp_path, "2022年9月", [line(1, 202208)]))
    for month, told in (("2022年8月", True), ("2022年10月", False)):
        file = as_upload(statement(tmp_path, month, [line(1, 202208)]))
        client.post("/imports/new/statement", data={"file": file})
        assert ("此前已导入截至" in client.get(f"/imports/{latest().id}").text) is told
