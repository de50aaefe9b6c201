"""Where a file contradicts what a person corrected: shown and asked, never settled silently."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import User
from app.audit.services import acting_as
from app.core.db import db
from app.core.permissions import Role
from app.core.timeline import TimelineEntry
from app.employers.models import Employer
from app.employers.services import edit_employer, version_of
from app.employers.sources.services import RESTORED, TAKEN
from app.imports import jobs
from app.imports.models import BatchState, ImportBatch
from tests import spreadsheets
from tests.factories import create_branch, create_user, sign_in
from tests.imports.sample import credit_code_of
from tests.spreadsheets import as_upload

HEADER = ["企业名称", "统一社会信用代码", "注册地址", "企业类型"]


@pytest.fixture
def user(client: FlaskClient, app: Flask) -> User:
    user = create_user(Role.SPECIALIST)
    sign_in(client, user)
    return user


def registry(folder: Path, address: str, kind: str = "有限责任公司", firms: int = 3) -> Path:
    rows = [[f"测试单位{n}有限公司", credit_code_of(n), f"{address}{n}号", kind] for n in range(1, firms + 1)]
    return spreadsheets.csv_file(folder / "registry.csv", [HEADER, *rows])


def uploaded(client: FlaskClient, path: Path, day: str) -> ImportBatch:
    data = {"file": as_upload(path), "as_of": day}
    assert client.post("/imports/new/registry", data=data).status_code == 303
    return latest()


def latest() -> ImportBatch:
    return db.session.scalars(select(ImportBatch).order_by(ImportBatch.id.desc()).limit(1)).one()


def settled(client: FlaskClient, batch: ImportBatch, step: str) -> ImportBatch:
    assert client.post(f"/imports/{batch.id}/{step}").status_code == 303
    jobs.run_batch(batch.id)
    return db.session.get_one(ImportBatch, batch.id, populate_existing=True)


def firm(number: int) -> Employer:
    query = select(Employer).where(Employer.uscc == credit_code_of(number))
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def corrected(number: int, author: User, **values: Any) -> None:
    one = firm(number)
    with acting_as(author):
        edit_employer(one, values, version_of(one), author)
        db.session.commit()


@pytest.fixture
def contradicted(client: FlaskClient, user: User, tmp_path: Path) -> ImportBatch:
    """A dry run of an October list, after a person corrected two addresses of January's."""
    settled(client, uploaded(client, registry(tmp_path, "旧路"), "2022-01-01"), "apply")
    author = create_user(Role.SPECIALIST, branch=user.branch, name="更正人甲")
    corrected(1, author, address="人改路1号", registry_type="股份公司")
    corrected(2, author, address="人改路2号")
    return uploaded(client, registry(tmp_path, "新路"), "2022-10-01")


def addresses() -> list[str | None]:
    return [firm(number).address for number in (1, 2, 3)]


def story(summary: str) -> list[dict[str, Any]]:
    query = select(TimelineEntry.params).where(TimelineEntry.summary == summary)
    return list(db.session.scalars(query.order_by(TimelineEntry.id)))


def test_the_dry_run_counts_contradictions_and_shows_both_words_author(
    client: FlaskClient, contradicted: ImportBatch
) -> None:
    assert (contradicted.conflicts, contradicted.changed, contradicted.unchanged) == (2, 1, 2)
    assert f"/imports/{contradicted.id}?tab=conflicts" in client.get(f"/imports/{contradicted.id}").text
    page = client.get(f"/imports/{contradicted.id}?tab=conflicts").text
    assert "人改路1号" in page
    assert "更正人甲" in page
    assert "新路1号" in page
    assert "field-address" in page
    assert "field-registry_type" in page


def test_unless_somebody_decides_otherwise_the_corrections_stay(
    client: FlaskClient, contradicted: ImportBatch
) -> None:
    done = settled(client, contradicted, "apply")
    assert (done.state, done.conflicts) == (BatchState.APPLIED, 2)
    assert addresses() == ["人改路1号", "人改路2号", "新路3号"]
    assert story(TAKEN) == []


def test_an_answer_for_a_field_and_one_for_a_single_row_are_kept_applied_told_and_taken_back(
    client: FlaskClient, contradicted: ImportBatch
) -> None:
    answers = {"field-address": "take", "field-registry_type": "keep", "row-3-address": "keep"}
    assert client.post(f"/imports/{contradicted.id}/answers", data=answers).status_code == 303
    db.session.refresh(contradicted)
    assert (contradicted.state, contradicted.conflicts, contradicted.changed) == (BatchState.PREVIEWED, 2, 2)
    done = settled(client, contradicted, "apply")
    # row 3 is the second firm's
    assert addresses() == ["新路1号", "人改路2号", "新路3号"]
    assert firm(1).registry_type == "股份公司"
    assert done.answers is not None
    assert done.answers["fields"]["address"] == "take"
    assert [(one["old"], one["new"]) for one in story(TAKEN)] == [("人改路1号", "新路1号")]
    assert "旧路" not in client.get(f"/employers/{firm(1).id}").text
    settled(client, done, "undo")
    assert addresses() == ["人改路1号", "人改路2号", "旧路3号"]
    assert len(story(RESTORED)) == 1
    # and the correction is a person's word again
    assert (firm(1).told or {})["address"][0] == "office"


def test_what_somebody_corrects_after_the_answer_stays(
    client: FlaskClient, user: User, contradicted: ImportBatch
) -> None:
    client.post(f"/imports/{contradicted.id}/answers", data={"field-address": "take"})
    corrected(1, user, address="刚改路1号")
    done = settled(client, contradicted, "apply")
    assert addresses() == ["刚改路1号", "新路2号", "新路3号"]
    assert done.conflicts == 2


def test_answers_of_another_branch_or_after_the_decision_change_nothing(
    client: FlaskClient, user: User, contradicted: ImportBatch
) -> None:
    url, answers = f"/imports/{contradicted.id}/answers", {"field-address": "take"}
    sign_in(client, create_user(Role.SPECIALIST, branch=create_branch()))
    assert client.post(url, data=answers).status_code == 404
    sign_in(client, create_user(Role.ENFORCEMENT_OFFICER, branch=user.branch))
    assert client.post(url, data=answers).status_code == 403
    sign_in(client, user)
    settled(client, contradicted, "apply")
    assert client.post(url, data=answers).status_code in {302, 303, 409}
    assert addresses() == ["人改路1号", "人改路2号", "新路3号"]


@pytest.mark.parametrize(("answer", "address"), [("keep", "人改路1号"), ("take", "新路1号")])
def test_the_command_line_is_told_what_shall_hold(
    app: Flask, user: User, client: FlaskClient, tmp_path: Path, answer: str, address: str
) -> None:
    settled(client, uploaded(client, registry(tmp_path, "旧路", firms=1), "2022-01-01"), "apply")
    corrected(1, user, address="人改路1号")
    arguments = ["imports", "apply", "registry", str(registry(tmp_path, "新路", firms=1)), "--json"]
    result = app.test_cli_runner().invoke(args=[*arguments, "--as-of", "2022-10-01", "--conflicts", answer])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["conflicts"] == 1
    assert firm(1).address == address
    assert date(2022, 10, 1) == firm(1).registry_as_of
