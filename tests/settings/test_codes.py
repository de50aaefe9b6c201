"""Code tables: entered, corrected and ended by an administrator, offered while valid, shown for ever."""

from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from sqlalchemy import select, update
from werkzeug.datastructures import MultiDict

from app.core import code_tables
from app.core.clock import now, today
from app.core.code_tables import CodeValue
from app.core.criteria.sentences import sentence
from app.core.criteria.trees import compile_tree, field_map, parse_query, rule
from app.core.db import db
from app.core.permissions import Role
from app.employers.lists import employer_fields
from app.employers.models import Employer
from tests.factories import create_branch, create_employer, create_user, seed_codes, sign_in


@pytest.fixture
def admin(client: FlaskClient) -> FlaskClient:
    seed_codes()
    sign_in(client, create_user(Role.SYSTEM_ADMIN))
    return client


def value(table: str, code: str) -> CodeValue:
    return db.session.scalars(select(CodeValue).filter_by(code_table=table, code=code)).one()


def test_every_table_is_filled_and_fits_its_column(app: Flask) -> None:
    seed_codes()
    for name, table in code_tables.TABLES.items():
        found = code_tables.codes(name)
        assert found, name
        assert max(map(len, found)) <= table.length
        assert all(one.parent is None or one.parent in found for one in found.values())
    assert len([one for one in code_tables.codes("industry").values() if len(one.code) == 2]) == 97


@pytest.mark.databases("sqlite")
def test_words_are_in_the_readers_language(app: Flask) -> None:
    seed_codes()
    with app.test_request_context(), force_locale("en"):
        assert code_tables.label("industry", "C") == "Manufacturing"
    with app.test_request_context(), force_locale("zh_CN"):
        assert code_tables.label("industry", "C") == "制造业"
    assert code_tables.label("industry", "ZZ") == "ZZ", "an unknown code is shown as it is"
    assert code_tables.label("industry", None) == ""


def test_an_ended_code_is_offered_no_more_but_old_records_keep_and_show_it(admin: FlaskClient) -> None:
    branch = create_branch()
    old, young = create_employer(branch, unit_type="005"), create_employer(branch)
    page = admin.get("/settings/codes?table=unit_type").text
    assert "城镇私营企业及其他城镇企业" in page
    ended = value("unit_type", "005")
    form = {"label_zh": ended.label_zh, "sort": "50", "valid_until": str(today() - timedelta(days=1))}
    assert admin.post(f"/settings/codes/{ended.id}", data=form).status_code == 303

    sign_in(admin, create_user(Role.SPECIALIST, branch=branch))
    assert 'value="005"' not in admin.get(f"/employers/{young.id}/edit").text
    page = admin.get(f"/employers/{old.id}/edit").text
    assert '<option selected value="005">005 城镇私营企业及其他城镇企业（已失效）' in page
    assert "城镇私营企业及其他城镇企业" in admin.get(f"/employers/{old.id}").text
    version = page.split('name="version" type="hidden" value="')[1].split('"')[0]
    kept = {"version": version, "unit_type": "005", "eligible": "y", "operating_status": "02"}
    assert admin.post(f"/employers/{old.id}/edit", data=kept).status_code == 303
    db.session.expire_all()
    assert (old.unit_type, old.operating_status) == ("005", "02")
    refused = {**kept, "unit_type": "777"}
    assert admin.post(f"/employers/{young.id}/edit", data=refused).status_code == 422


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"code": "05", "label_zh": "重复"}, "已有代码"),
        ({"code": "123", "label_zh": "过长"}, "最多2个字符"),
        ({"code": "a-", "label_zh": "符号"}, "代码只含数字和大写字母"),
        ({"code": "77", "label_zh": ""}, "请更正"),
        ({"code": "77", "label_zh": "倒置", "valid_from": "2026-02-01", "valid_until": "2026-01-01"}, "早于"),
    ],
)
def test_an_unsound_code_is_refused_and_nothing_is_entered(
    admin: FlaskClient, form: dict[str, str], why: str
) -> None:
    before = len(code_tables.codes("risk"))
    page = admin.post("/settings/codes/risk/new", data={"sort": "1", **form}, follow_redirects=True)
    assert why in page.text
    assert len(code_tables.codes("risk")) == before


@pytest.mark.databases("sqlite")
def test_a_code_cannot_stand_below_itself(admin: FlaskClient) -> None:
    top = value("economic_type", "100")
    form = {"label_zh": "内资", "sort": "1", "parent_code": "173"}
    assert "不能" in admin.post(f"/settings/codes/{top.id}", data=form, follow_redirects=True).text
    db.session.expire_all()
    assert top.parent_code is None


def test_a_new_code_is_offered_at_once_and_who_entered_it_is_in_the_trail(admin: FlaskClient) -> None:
    form = {"code": "77", "label_zh": "环保处罚", "label_en": "Fined", "sort": "77"}
    assert admin.post("/settings/codes/risk/new", data=form).status_code == 303
    assert ("77", "77 环保处罚") in code_tables.offered_codes("risk")
    assert "环保处罚" in admin.get("/settings/codes?table=risk").text
    assert admin.get("/settings/codes?table=nothing").status_code == 404


@pytest.mark.databases("sqlite")
def test_another_process_learns_of_a_change_within_seconds(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed_codes()
    assert code_tables.label("risk", "01") == "长期欠缴"
    changing = update(CodeValue).where(CodeValue.code_table == "risk", CodeValue.code == "01")
    db.session.execute(changing.values(label_zh="长期拖欠", updated_at=now() + timedelta(seconds=1)))
    assert code_tables.label("risk", "01") == "长期欠缴", "it is not asked for at each word"
    monkeypatch.setattr(code_tables, "FRESH_SECONDS", -1.0)
    assert code_tables.label("risk", "01") == "长期拖欠"


def test_criteria_find_a_code_with_those_below_it_and_keep_older_spellings(app: Flask) -> None:
    seed_codes()
    branch = create_branch()
    for code in ("170", "173", "150", None):
        create_employer(branch, economic_type=code)
    fields = employer_fields()

    def found(*rules: tuple[str, str, object]) -> set[str | None]:
        tree = {"match": "all", "rules": [rule(*one) for one in rules]}
        query = select(Employer.economic_type).where(compile_tree(tree, fields, None))
        return set(db.session.scalars(query))

    assert found(("economic_type", "under", ["170"])) == {"170", "173"}
    assert found(("economic_type", "under", ["100"])) == {"170", "173", "150"}
    assert found(("economic_type", "not_in", ["173"])) == {"170", "150", None}
    assert found(("economic_type", "starts", "17")) == {"170", "173"}
    assert found(("economic_type", "eq", "150")) == {"150"}
    read = parse_query(MultiDict({"industry.under": "c,L"}), field_map(fields.values()))
    assert sentence(read, fields) == "所属行业为C 制造业或L 租赁和商务服务业（含下级）"


def test_a_code_of_a_later_year_is_not_offered_before(app: Flask) -> None:
    db.session.add(CodeValue(code_table="bank", code="999", label_zh="新银行", valid_from=date(2999, 1, 1)))
    db.session.flush()
    code_tables.forget()
    assert code_tables.offered_codes("bank") == []


def test_an_account_is_closed_with_its_day_and_a_reason_of_the_table(admin: FlaskClient) -> None:
    specialist = create_user(Role.SPECIALIST)
    closed = create_employer(specialist.branch, employer_account_no="990000000001")
    sign_in(admin, specialist)
    url = f"/employers/{closed.id}/edit"
    version = admin.get(url).text.split('name="version" type="hidden" value="')[1].split('"')[0]
    form = {"version": version, "eligible": "y", "account_closing_reason": "03", "account_balance": "12.50"}
    refused = admin.post(url, data=form)
    assert (refused.status_code, "请同时填写销户日期" in refused.text) == (422, True)
    assert admin.post(url, data={**form, "account_balance": "1.234"}).status_code == 422
    assert admin.post(url, data={**form, "account_closed_on": "2026-05-06"}).status_code == 303
    page = admin.get(f"/employers/{closed.id}").text
    assert [said for said in ("2026-05-06", "破产", "12.50") if said not in page] == []


def test_whoever_first_met_an_employer_never_changes(app: Flask) -> None:
    first, second = create_user(), create_user()
    employer = create_employer(first.branch, first_contact_owner_id=first.id)
    employer.first_contact_owner_id = first.id
    with pytest.raises(ValueError, match="never changes"):
        employer.first_contact_owner_id = second.id
