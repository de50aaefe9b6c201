"""Codes, states and kinds stand in words wherever an import shows them."""

from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts.models import User
from app.core.db import db
from app.core.permissions import Role
from app.employers.models import AccountStatus, Stage
from app.imports.models import ImportBatch
from tests.contributions.statements import line, statement
from tests.factories import create_employer, create_user, seed_codes, sign_in
from tests.imports.sample import credit_code_of
from tests.imports.test_answers import latest
from tests.spreadsheets import as_upload, csv_file

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def user(client: FlaskClient, app: Flask) -> User:
    seed_codes()
    user = create_user(Role.SPECIALIST)
    sign_in(client, user)
    return user


def tried(client: FlaskClient, spec: str, path: Path) -> tuple[ImportBatch, str]:
    """A dry run, and the page of what it would change."""
    assert client.post(f"/imports/new/{spec}", data={"file": as_upload(path)}).status_code == 303
    batch = latest()
    return batch, shown(client, batch, "changed")


def shown(client: FlaskClient, batch: ImportBatch, tab: str) -> str:
    """The rows of a tab."""
    return client.get(f"/imports/{batch.id}?tab={tab}").text.split("<tbody>")[-1].split("</tbody>")[0]


def test_new_and_changed_rows_name_stage_source_and_account_status(
    client: FlaskClient, user: User, tmp_path: Path
) -> None:
    lead = {"source": "bank", "source_as_of": date(2026, 1, 1)}
    create_employer(
        user.branch, uscc=credit_code_of(1), name="示范第1号有限公司", stage=Stage.PROSPECT, **lead
    )
    db.session.commit()
    rows = [line(1, 202209), line(2, 202209, status="05")]
    batch, changed = tried(client, "statement", statement(tmp_path, "2022年9月", rows))
    new = shown(client, batch, "new")
    assert "</span>银行</del>" in changed and "</span>月度缴存报表</ins>" in changed
    assert "</span>正常</ins>" in changed and "</span>01</ins>" not in changed
    assert "封存" in new and "2022年9月" in new and "202209" not in new


def test_contradictions_and_their_remarks_are_in_words(
    client: FlaskClient, user: User, tmp_path: Path
) -> None:
    by_hand = {"account_status": AccountStatus.SEALED, "told": {"account_status": ["office", "2022-08-15"]}}
    create_employer(user.branch, uscc=credit_code_of(1), stage=Stage.SEALED, **by_hand)
    db.session.commit()
    batch, changed = tried(client, "statement", statement(tmp_path, "2022年9月", [line(1, 202209)]))
    assert "已人工更正，予以保留；文件中为：正常" in changed
    conflicts = shown(client, batch, "conflicts")
    assert "封存" in conflicts and "正常" in conflicts and ">01<" not in conflicts


def test_keys_of_several_parts_and_decisions_are_in_words(
    client: FlaskClient, user: User, tmp_path: Path
) -> None:
    account = {"employer_account_no": "030100000001", "account_status": AccountStatus.NORMAL}
    create_employer(user.branch, uscc=credit_code_of(1), stage=Stage.CONTRIBUTING, **account)
    db.session.commit()
    head = ["统一社会信用代码", "业务类型", "起始年月", "终止年月"]
    path = csv_file(tmp_path / "relief.csv", [head, [credit_code_of(1), "缓缴", "202209", "202212"]])
    batch, _changed = tried(client, "relief", path)
    page = shown(client, batch, "new")
    assert "缓缴" in page and "deferment" not in page and "2022年12月" in page
