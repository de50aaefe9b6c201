"""`flask imports`: what operators and scripts get."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from app.core.db import db
from app.core.importing.spec import ImportSpec
from app.employers.models import Employer
from tests.factories import create_branch, create_user
from tests.imports.sample import registered, row, variant, workbook


@pytest.fixture
def spec(app: Flask) -> Iterator[ImportSpec]:
    create_branch(code="TOP")
    with registered(app) as spec:
        yield spec


def call(app: Flask, *arguments: object) -> Result:
    db.session.commit()
    result = app.test_cli_runner().invoke(args=["imports", *map(str, arguments)])
    db.session.rollback()
    return result


def employers() -> int:
    return db.session.scalar(select(func.count()).select_from(Employer)) or 0


@pytest.mark.databases("sqlite")
def test_specs_are_listed_with_their_columns(app: Flask, spec: ImportSpec) -> None:
    found = json.loads(call(app, "specs", "--json").stdout)
    described = next(one for one in found if one["name"] == "sample")
    assert described["key"] == ["uscc"]
    assert described["columns"][0] == {
        "name": "uscc",
        "headings": ["统一社会信用代码", "credit code"],
        "required": True,
    }
    assert "统一社会信用代码" in call(app, "specs").stdout


def test_apply_prints_its_counts_and_undo_takes_it_back(app: Flask, spec: ImportSpec, tmp_path: Path) -> None:
    path = workbook(tmp_path, [row(1), row(2), row(3, heads=-1)])
    result = call(app, "apply", "sample", path, "--json")
    assert result.stderr == ""  # nobody watches: a script's log has no progress in it
    figures = json.loads(result.stdout)
    assert figures["reasons"] == {"heads.negative": 1}
    counted = {name: figures[name] for name in ("rows", "new", "changed", "unchanged", "rejected")}
    assert counted == {"rows": 3, "new": 2, "changed": 0, "unchanged": 0, "rejected": 1}
    again = json.loads(call(app, "apply", "sample", path, "--json").stdout)
    assert (again["unchanged"], again["new"]) == (2, 0)
    back = json.loads(call(app, "undo", figures["batch"], "--json").stdout)
    assert (back["undone"], back["kept"], back["kept_rows"]) == (2, 0, [])
    assert employers() == 0
    refused = call(app, "undo", figures["batch"])
    assert (refused.exit_code, "已撤销" in refused.output) == (1, True)


def test_a_dry_run_changes_nothing(app: Flask, spec: ImportSpec, tmp_path: Path) -> None:
    figures = json.loads(
        call(app, "apply", "sample", workbook(tmp_path, [row(1)]), "--dry-run", "--json").stdout
    )
    assert (figures["state"], figures["new"]) == ("previewed", 1)
    assert employers() == 0


def test_branch_and_user_may_be_named(app: Flask, spec: ImportSpec, tmp_path: Path) -> None:
    user = create_user(username="li.ting")
    branch = create_branch(code="NORTH")
    path = workbook(tmp_path, [row(1)])
    result = call(
        app, "apply", "sample", path, "--user", "li.ting", "--branch", "NORTH", "--as-of", "2022-09-30"
    )
    assert result.exit_code == 0, result.output
    assert db.session.scalars(select(Employer)).one().branch_id == branch.id
    assert user.branch_id != branch.id


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense", "{file}"),
        ("sample", "{file}", "--branch", "NOWHERE"),
        ("sample", "{file}", "--user", "nobody"),
        ("sample", "{file}", "--period", "202213"),
        ("sample", "{file}", "--as-of", "2099-01-01"),
        ("sample", "{broken}"),
        ("sample", "{strange}"),
    ],
)
def test_a_mistake_is_one_sentence_and_an_exit_code(
    app: Flask, spec: ImportSpec, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04nothing")
    (tmp_path / "strange.csv").write_text("甲,乙\n1,2\n", encoding="utf-8")
    paths = {
        "file": workbook(tmp_path, [row(1)]),
        "broken": tmp_path / "broken.xlsx",
        "strange": tmp_path / "strange.csv",
    }
    result = call(app, "apply", *(one.format(**paths) for one in arguments))
    assert result.exit_code == 1
    assert "Error:" in result.stderr
    assert "Traceback" not in result.output
    assert employers() == 0


@pytest.mark.databases("sqlite")
def test_undoing_what_does_not_exist_is_refused(app: Flask, spec: ImportSpec) -> None:
    assert call(app, "undo", 4711).exit_code == 1


@pytest.mark.databases("sqlite")
def test_a_month_that_nobody_tells_is_asked_for(app: Flask, spec: ImportSpec, tmp_path: Path) -> None:
    with registered(app, variant(name="monthly", needs_period=True)):
        path = tmp_path / "x.csv"
        path.write_text(f"统一社会信用代码,单位名称\n{row(1)[0]},甲公司\n", encoding="utf-8")
        assert call(app, "apply", "monthly", path).exit_code == 1
        assert call(app, "apply", "monthly", path, "--period", "202209").exit_code == 0


@pytest.mark.databases("sqlite")
def test_what_is_refused_at_the_door_is_told_as_json_too(
    app: Flask, spec: ImportSpec, tmp_path: Path
) -> None:
    picture = tmp_path / "scan.xlsx"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    late = call(app, "apply", "sample", workbook(tmp_path, [row(1)]), "--as-of", "2999-01-01", "--json")
    for refused in (call(app, "apply", "sample", picture, "--json"), late, call(app, "undo", 999, "--json")):
        assert refused.exit_code == 1
        assert json.loads(refused.stdout)["failure"] in refused.stderr
