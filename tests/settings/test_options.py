"""Figures of the department: only what was changed on the page is set."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.audit.models import AuditEvent
from app.core.clock import today
from app.core.db import db
from app.core.features import current_features
from app.core.options import forget_values, history, set_value
from app.core.periods import contribution_year
from app.core.permissions import Role, Scope
from app.core.rules.rates import HIGHEST_BASE, LOWEST_BASE, Group
from app.leads.pool.policy import CAPACITY, IDLE_DAYS
from app.outreach.plans.services import save_plan
from tests.factories import create_branch, create_employer, create_user, sign_in

LATER = today() + timedelta(days=60)


@pytest.fixture
def loaded(app: Flask, client: FlaskClient) -> dict[str, str]:
    """The page as an administrator's browser holds it, ready to be sent."""
    sign_in(client, create_user(Role.SYSTEM_ADMIN, scope=Scope.ALL))
    page = client.get("/settings/options").get_data(as_text=True)
    hidden = re.search(r'<input[^>]*name="shown"[^>]*>', page)
    assert hidden
    assert 'type="hidden"' in hidden[0]
    shown = re.search(r'value="([^"]*)"', hidden[0])
    assert shown
    options = current_features().options.values()
    values = {option.name.replace(".", "-"): str(option.value()) for option in options}
    return {**values, "shown": unescape(shown[1])}


def save(client: FlaskClient, form: dict[str, str], **changes: str) -> None:
    assert client.post("/settings/options", data={**form, **changes}).status_code == 303
    forget_values()


def test_what_two_administrators_change_on_their_pages_both_holds(
    client: FlaskClient, loaded: dict[str, str]
) -> None:
    save(client, loaded, **{"leads-capacity": "77"})
    save(client, loaded, **{"leads-idle_days": "44"})
    assert (CAPACITY.value(), IDLE_DAYS.value()) == (77, 44)


def test_a_change_for_a_later_day_leaves_what_was_announced_before_it(
    client: FlaskClient, loaded: dict[str, str]
) -> None:
    usual = CAPACITY.value()
    set_value(CAPACITY, 88, today() + timedelta(days=30))
    save(client, loaded, **{"leads-idle_days": "44", "valid_from": str(LATER)})
    assert [CAPACITY.value(), CAPACITY.value(LATER), IDLE_DAYS.value(LATER)] == [usual, 88, 44]
    save(client, {**loaded, "shown": "["}, **{"leads-capacity": "66"})
    assert CAPACITY.value() == 66


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "wrong",
    [
        {"arrears-third_bucket": "8"},
        {"rates-lowest": "10", "rates-highest": "9"},
        {"rates-lowest_base": "30000"},
        {"rates-highest_base": "2000", "valid_from": str(LATER)},
        {"relief-second_reminder": "70"},
        {"leads-idle_days": "4"},
        {"campaigns-publicity_from": "21"},
    ],
)
def test_settings_that_contradict_each_other_are_refused_with_their_values(
    client: FlaskClient, loaded: dict[str, str], wrong: dict[str, str]
) -> None:
    refused = client.post("/settings/options", data={**loaded, **wrong, "leads-capacity": "77"})
    assert refused.status_code == 422 and "不得小于" in refused.text
    assert 'name="leads-capacity"' in refused.text and 'value="77"' in refused.text
    forget_values()
    assert CAPACITY.value() == 40 and not history()


@pytest.mark.databases("sqlite")
def test_what_is_announced_counts_with_what_is_set_and_taken_back(
    client: FlaskClient, loaded: dict[str, str]
) -> None:
    save(client, loaded, **{"rates-highest_base": "31000", "valid_from": str(LATER)})
    save(client, loaded, **{"rates-lowest_base": "30000", "valid_from": str(LATER)})
    early = {**loaded, "rates-lowest_base": "30000"}
    assert client.post("/settings/options", data=early).status_code == 422
    back = client.post(f"/settings/options/rates.highest_base/{LATER}/take-back")
    assert back.status_code == 400
    forget_values()
    assert HIGHEST_BASE.value(LATER) == 31000


def test_leaders_of_the_whole_department_set_figures_and_the_page_says_who_did(
    client: FlaskClient, loaded: dict[str, str]
) -> None:
    top = create_branch()
    below = create_branch(parent=top)
    director = create_user(Role.MANAGER, branch=top, scope=Scope.BRANCH_AND_BELOW, name="郭文")
    sign_in(client, director)
    save(client, loaded, **{"leads-capacity": "66"})
    for branch, scope in ((below, Scope.BRANCH_AND_BELOW), (top, Scope.BRANCH)):
        sign_in(client, create_user(Role.BRANCH_HEAD, branch=branch, scope=scope))
        refused = client.post("/settings/options", data={**loaded, "leads-capacity": "55"})
        assert refused.status_code == 403
        page = client.get("/settings/options").text
        assert "郭文" in page and 'name="leads-capacity"' not in page
    assert CAPACITY.value() == 66


def test_figures_of_the_year_begin_on_its_first_day_though_it_has_passed_with_a_reason_in_the_trail(
    client: FlaskClient, loaded: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begins = contribution_year(today())
    middle = begins + timedelta(days=14)
    for place in ("app.core.options", "app.settings.services"):
        monkeypatch.setattr(f"{place}.today", lambda: middle)
    seven = Decimal("0.07")
    plan = save_plan(create_employer(), [Group(10, Decimal(9000))], seven, seven, "", create_user())
    db.session.commit()
    late = {**loaded, "rates-lowest_base": "2490", "rates-highest_base": "28665", "valid_from": str(begins)}
    assert "请说明原因" in client.post("/settings/options", data=late).text
    early = {**late, "valid_from": str(begins - timedelta(days=1)), "why": "通知"}
    assert "缴存年度起始日" in client.post("/settings/options", data=early).text
    idle = {**loaded, "leads-idle_days": "44", "valid_from": str(middle - timedelta(days=1)), "why": "通知"}
    assert "最早自今日起生效" in client.post("/settings/options", data=idle).text
    forget_values()
    assert not history()
    save(client, late, why="金公积金〔2026〕9号")
    assert LOWEST_BASE.value(begins) == 2490 and LOWEST_BASE.value(begins - timedelta(days=1)) == 2320
    assert "1 份缴存测算按原基数上下限计算" in client.get("/settings/options").text
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.subject_name == str(begins))).one()
    assert "金公积金〔2026〕9号" in str(event.details)
    sign_in(client, create_user(scope=Scope.ALL))
    assert "请重新测算" in client.get(f"/plans/{plan.id}").text
