"""The figures of openings: every number is that of the rows it leads to, and the board says the same."""

from datetime import date, timedelta
from io import BytesIO
from itertools import product
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import Select

from app.accounts.models import Branch, User
from app.core.clock import today
from app.core.criteria.trees import rule
from app.core.db import db
from app.core.periods import Period
from app.core.permissions import Role
from app.core.workflow.engine import transition
from app.employers.lists import EMPLOYERS
from app.employers.models import Stage
from app.lifecycle.onboarding import queries as onboarding
from app.lifecycle.onboarding.insight import queries
from app.lifecycle.onboarding.insight.lists import OPENINGS, TO_FOLLOW
from app.lifecycle.onboarding.policy import STEPS
from app.lifecycle.onboarding.services import beginning, checking
from app.lifecycle.onboarding.workflow import OPENING, PAPERS
from app.lifecycle.papers.models import CheckResult
from app.lifecycle.papers.policy import Finding
from tests.factories import create_branch, create_employer, create_user, seed_codes, sign_in

THIS = Period.of(today())


@pytest.fixture
def branch(app: Flask) -> Branch:
    seed_codes()
    return create_branch()


@pytest.fixture
def chen(branch: Branch) -> User:
    return create_user(Role.SPECIALIST, branch=branch, name="陈静")


def ago(days: int | None) -> date | None:
    return None if days is None else today() - timedelta(days=days)


def test_whoever_the_board_calls_stuck_is_found_as_stuck(branch: Branch, chen: User) -> None:
    days = (None, 3, 100)
    for opened, accounts, signed, paid in product((5, 200), days, days, days):
        create_employer(
            branch, stage=Stage.REGISTERED, account_opened_on=ago(opened),
            employee_accounts_on=ago(accounts), online_signed_on=ago(signed),
            first_contribution_month=Period.of(ago(paid) or today()) if paid else None,
        )  # fmt: skip
    for begun in (2, 60):
        firm = create_employer(branch, stage=Stage.ENGAGED, owner_id=chen.id)
        beginning.begin(firm, chen).begun_on = today() - timedelta(days=begun)
    db.session.flush()
    cards = onboarding.waiting(None)
    stuck = {card.employer.id for card in cards if card.place.stuck}
    tree = {"match": "all", "rules": [rule("onboarding_stuck", "yes")]}
    found = {employer.id for employer in db.session.scalars(EMPLOYERS.filtered(tree, chen))}
    assert stuck == found and 0 < len(stuck) < len(cards)
    here = {row.step.name: (row.here, row.stuck) for row in queries.waiting(chen)}
    assert here == {
        step.name: (
            sum(card.place.step is step for card in cards),
            sum(card.place.step is step and card.place.stuck for card in cards),
        )
        for step in STEPS
    }


def test_accounts_are_counted_with_their_milestones_and_days_and_those_of_other_branches_are_not(
    branch: Branch, chen: User
) -> None:
    for days in (4, 8):
        create_employer(
            branch, stage=Stage.REGISTERED, account_opened_on=THIS.first_day, owner_id=chen.id,
            employee_accounts_on=THIS.first_day + timedelta(days=days),
        )  # fmt: skip
    create_employer(branch, stage=Stage.REGISTERED, account_opened_on=THIS.first_day, heads=3)
    create_employer(branch, stage=Stage.REGISTERED, account_opened_on=(THIS + -1).first_day)
    create_employer(create_branch(), stage=Stage.REGISTERED, account_opened_on=THIS.first_day)
    whole, (line,) = queries.opened(queries.DIMENSIONS["month"], THIS, THIS, chen)
    assert (whole.opened, line.opened, line.reached["accounts"], line.days("accounts")) == (3, 3, 3, 6)
    assert (line.reached["signing"], line.days("signing")) == (0, None)
    _whole, people = queries.opened(queries.DIMENSIONS["specialist"], THIS, THIS, chen)
    assert {one.label: one.opened for one in people} == {"陈静": 2, "无人负责": 1}


@pytest.mark.databases("sqlite")
def test_the_figures_are_given_as_a_workbook_to_those_who_export(
    client: FlaskClient, branch: Branch, chen: User
) -> None:
    create_employer(
        branch, stage=Stage.REGISTERED, account_opened_on=THIS.first_day, owner_id=chen.id,
        employee_accounts_on=THIS.first_day,
    )  # fmt: skip
    sign_in(client, create_user(Role.MANAGER, branch=branch))
    address = f"/onboarding/figures/workbook?by=specialist&from={THIS}&until={THIS}"
    assert (
        "/onboarding/figures/workbook?by=specialist" in client.get("/onboarding/figures?by=specialist").text
    )
    sheet = load_workbook(BytesIO(client.get(address).data)).active
    assert sheet is not None
    rows = [tuple(row) for row in sheet.values]
    assert rows[1][:5] == ("陈静", 1, None, 1, 0) and rows[2][:2] == ("全部", 1)
    assert [row[1] for row in rows[-len(STEPS) :]] == [0, 0, 1, 0, 0]
    sign_in(client, create_user(Role.BANK_PARTNER, branch=branch))
    assert client.get(address).status_code == 403


def test_the_page_leads_from_every_number_to_as_many_rows(
    client: FlaskClient, branch: Branch, chen: User
) -> None:
    firm = create_employer(branch, stage=Stage.ENGAGED, owner_id=chen.id, name="容缺单位")
    opening = beginning.begin(firm, chen)
    late = Finding(CheckResult.MISSING, due_on=today() + timedelta(days=3))
    findings = {code: Finding(CheckResult.COMPLETE) for code in PAPERS.asked()}
    checking.check(opening, findings | {"201": late, "203": late}, chen)
    assert count(TO_FOLLOW.select(chen)) == 0  # not accepted yet
    transition(OPENING, opening, "accept_deferred", chen)
    next(check for check in opening.checks if check.code == "203").due_on = today() - timedelta(days=1)
    db.session.flush()
    assert queries.to_follow(chen) == queries.Follow(2, 1)
    assert queries.to_follow(create_user(Role.BRANCH_HEAD, branch=create_branch())).papers == 0
    assert count(OPENINGS.select(chen)) == 1
    sign_in(client, chen)
    page = client.get("/onboarding/figures?by=nonsense&until=2026-99").text
    assert "/onboarding/to-follow" in page and "/employers?onboarding_step.in=registration" in page
    late_rows = client.get("/onboarding/to-follow?due_on.before_days_ago=0").text
    assert "容缺单位" in late_rows and "逾期" in late_rows
    assert "容缺单位" in client.get("/onboarding/all?state.in=deferred").text


def count(query: Select[Any]) -> int:
    return len(db.session.execute(query).all())
