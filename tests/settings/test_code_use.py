"""Where a code is used: each kind of record leads to its list, in the reader's reach."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.code_tables import CodeValue
from app.core.criteria import segments
from app.core.criteria.trees import rule
from app.core.db import db
from app.core.permissions import Role
from app.employers.lists import employer_fields
from tests.factories import create_branch, create_campaign, create_employer, create_user, seed_codes, sign_in


@pytest.fixture(autouse=True)
def codes(app: Flask) -> None:
    seed_codes()


def code_id(table: str, code: str) -> int:
    return db.session.scalars(select(CodeValue.id).filter_by(code_table=table, code=code)).one()


def test_a_code_leads_to_the_records_in_reach_and_counts_the_others(app: Flask, client: FlaskClient) -> None:
    page = f"/settings/codes/{code_id('industry', '47')}/use"
    manager = create_user(Role.MANAGER)
    create_employer(manager.branch, name="这里的建筑公司", industry="47")
    create_employer(create_branch(), name="别处的建筑公司", industry="47")
    tree = {"match": "all", "rules": [rule("industry", "under", ["47"])]}
    segments.save("employers", "Builders", tree, employer_fields(), None)
    create_campaign(manager, criteria=tree)
    sign_in(client, manager)
    shown = client.get(page).text
    assert "触达活动" in shown
    assert '<a href="/employers?industry.in=47">1</a>' in shown
    assert "另有 1 条不在您的权限范围内" in shown
    assert "已存分组" in shown
    listed = client.get("/employers?industry.in=47").text
    assert "这里的建筑公司" in listed and "别处的建筑公司" not in listed


@pytest.mark.databases("sqlite")
def test_who_keeps_the_codes_sees_counts_and_no_way_to_records_out_of_reach(
    app: Flask, client: FlaskClient
) -> None:
    unused, used = code_id("industry", "48"), code_id("industry", "47")
    create_employer(create_branch(), industry="47")
    sign_in(client, create_user(Role.SYSTEM_ADMIN))
    shown = client.get(f"/settings/codes/{used}").text
    assert "<dt>单位</dt>" in shown and "/employers?" not in shown
    assert "没有记录使用该代码" in client.get(f"/settings/codes/{unused}").text
    assert client.get("/settings/codes/999999/use").status_code == 404


@pytest.mark.databases("sqlite")
def test_who_may_not_see_the_settings_does_not_see_where_codes_are_used(
    app: Flask, client: FlaskClient
) -> None:
    number = code_id("industry", "47")
    sign_in(client, create_user(Role.SPECIALIST))
    assert client.get(f"/settings/codes/{number}/use").status_code == 403
