"""A whole code table from a file: the classes of GB/T 4754, placed, corrected and taken back."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from sqlalchemy import select

from app.audit.queries import rows_called
from app.core.code_tables import TABLES, CodeValue, above, codes, columns_of
from app.core.criteria import segments
from app.core.criteria.trees import compile_tree, rule
from app.core.db import db
from app.core.permissions import Role
from app.employers.lists import employer_fields
from app.employers.models import Employer
from tests.contributions.statements import run, take_back
from tests.factories import create_branch, create_employer, create_user, seed_codes, sign_in
from tests.spreadsheets import workbook

HEADER = ["代码表", "代码", "名称", "英文名称", "上级代码", "失效日期"]
CLASSES = (
    ("行业", "521", "综合零售", "General retail", None, None),
    ("GB/T 4754", "５２１１", "百货零售", None, None, None),
    ("industry", "5219", "其他综合零售", None, "521", None),
)


@pytest.fixture(autouse=True)
def _seeded(app: Flask) -> None:
    seed_codes()
    create_branch("00")


def bring(app: Flask, folder: Path, *rows: Sequence[Any]) -> dict[str, Any]:
    file = workbook(folder / f"{len(list(folder.iterdir()))}.xlsx", [HEADER, *map(list, rows)])
    return run(app, "imports", "apply", "codes", str(file))


def test_classes_stand_below_their_groups_and_filters_find_what_is_below(app: Flask, tmp_path: Path) -> None:
    assert bring(app, tmp_path, *CLASSES)["new"] == 3
    assert above(codes("industry"), "5211") == ["521", "52", "F"]
    order = list(codes("industry"))
    assert order[order.index("52") :][:4] == ["52", "521", "5211", "5219"]

    branch = create_branch()
    shop = create_employer(branch, industry="5211")
    create_employer(branch, industry="47")
    for code in ("F", "52", "521", "5211"):
        tree = {"match": "all", "rules": [rule("industry", "under", [code])]}
        where = compile_tree(tree, employer_fields(), None)
        assert db.session.scalars(select(Employer.id).where(where)).all() == [shop.id], code


def test_known_codes_are_corrected_and_undo_brings_the_old_words_back(app: Flask, tmp_path: Path) -> None:
    words, number = codes("industry")["52"].zh, len(codes("industry"))
    answer = bring(app, tmp_path, ("行业", "52", "零售", None, None, "2030-12-31"), *CLASSES)
    assert (answer["new"], answer["changed"]) == (3, 1)
    assert codes("industry")["52"].zh == "零售" and codes("industry")["52"].parent == "F"
    assert bring(app, tmp_path, *CLASSES)["unchanged"] == 3
    take_back(app, answer["batch"])
    assert (codes("industry")["52"].zh, len(codes("industry"))) == (words, number)


def test_undo_keeps_and_lists_the_codes_that_a_record_holds_and_those_above_them(
    app: Flask, tmp_path: Path
) -> None:
    answer = bring(app, tmp_path, *CLASSES, ("risk", "91", "试用风险", None, None, None))
    create_employer(create_branch(), industry="5211")
    db.session.commit()
    undone = take_back(app, answer["batch"])
    # 5219 and the risk are nobody's; 521 stands above 5211
    assert (undone["undone"], undone["kept"]) == (2, 2)
    assert [(row["key"], row["code"]) for row in undone["kept_rows"]] == [
        ("industry|521", "in_use"),
        ("industry|5211", "in_use"),
    ]
    assert above(codes("industry"), "5211") == ["521", "52", "F"] and "5219" not in codes("industry")
    assert [row["names"] for row in undone["kept_rows"]] == [["code_values"], ["employers"]]
    with app.test_request_context(), force_locale("zh_CN"):
        assert [rows_called(name) for name in ("code_values", "employers")] == ["代码", "单位"]


def test_undo_keeps_a_code_that_nothing_but_a_saved_segment_asks_about(app: Flask, tmp_path: Path) -> None:
    answer = bring(app, tmp_path, *CLASSES, ("bank", "521", "试用银行", None, None, None))
    shops = {"match": "any", "rules": [rule("industry", "under", ["5219"]), rule("uscc", "starts", "521")]}
    tree = {"match": "all", "rules": [shops, rule("bank", "not_empty")]}
    segments.save("employers", "Shops", tree, employer_fields(), None)
    db.session.commit()
    undone = take_back(app, answer["batch"])
    # 521 of the industry stands above 5219; that of the banks nobody asks about
    assert {row["key"]: row["names"] for row in undone["kept_rows"]} == {
        "industry|521": ["code_values"],
        "industry|5219": ["segments"],
    }


def test_every_table_says_which_columns_hold_its_codes() -> None:
    assert [name for name in TABLES if not columns_of(name)] == []


def test_what_cannot_stand_is_rejected_with_the_reason(app: Flask, tmp_path: Path) -> None:
    answer = bring(
        app, tmp_path,
        ("没有的表", "1", "一", None, None, None),
        ("行业", "52111", "太长", None, None, None),
        ("行业", "999", "无上级", None, "99X", None),
        ("行业", "F", "批发", None, "52", None),
        ("行业", "521", "早已失效", None, None, "1990-01-01"),
    )  # fmt: skip
    assert answer["rejected"] >= 4
    assert {"code_table.unknown_code", "code.code_too_long", "parent_code.no_parent"} <= set(
        answer["reasons"]
    )
    assert "parent_code.below_itself" in answer["reasons"]
    known = db.session.scalars(select(CodeValue.code).where(CodeValue.code_table == "industry")).all()
    assert "999" not in known and "52111" not in known


@pytest.mark.databases("sqlite")
def test_administrators_alone_bring_codes(client: FlaskClient) -> None:
    sign_in(client, create_user(Role.SYSTEM_ADMIN))
    assert "/imports/new/codes" in client.get("/settings/codes").text
    assert "类别名称" in client.get("/imports/new/codes").text
    sign_in(client, create_user(Role.SPECIALIST, branch=create_branch()))
    assert client.get("/imports/new/codes").status_code in (403, 404)
