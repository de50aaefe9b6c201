from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts.models import Branch, User
from app.core.criteria.trees import parse_query
from app.core.errors import DomainError
from app.core.periods import Period
from app.core.permissions import Role, Scope
from app.employers.lists import count_employers, employer_fields
from app.employers.models import AccountStatus, Stage
from app.targets.queries import Figure, dashboard, trend
from app.targets.services import set_targets
from tests.factories import create_branch, create_employer, create_user, sign_in

MONTH = Period(2026, 11)


def team() -> tuple[Branch, User, User]:
    branch = create_branch()
    return branch, create_user(Role.MANAGER, branch=branch), create_user(Role.SPECIALIST, branch=branch)


def figure(figures: tuple[Figure, ...], code: str) -> Figure:
    return next(one for one in figures if one.kpi.code == code)


def rows_behind(app: Flask, one: Figure, actor: User) -> int:
    with app.test_request_context(one.url) as context:
        return count_employers(parse_query(context.request.args, employer_fields()), actor)


def test_each_figure_counts_exactly_the_rows_it_leads_to(app: Flask) -> None:
    branch, manager, specialist = team()
    for day, owner in ((1, specialist), (30, specialist), (15, None)):
        create_employer(
            branch,
            stage=Stage.CONTRIBUTING,
            account_status=AccountStatus.NORMAL,
            paid_through=MONTH,
            account_opened_on=date(2026, 11, day),
            online_signed_on=date(2026, 11, day) if day > 1 else None,
            owner_id=owner.id if owner else None,
        )
    late: dict[str, Any] = {
        "stage": Stage.IN_ARREARS,
        "account_status": AccountStatus.NORMAL,
        "arrears_months": 1,
    }
    create_employer(branch, account_opened_on=date(2026, 10, 31), heads=9, **late)
    create_employer(branch, stage=Stage.CLOSED, account_opened_on=date(2026, 12, 1))
    with app.test_request_context():
        board = dashboard(MONTH, manager)
    figures = [*board.totals, *board.branches[0].figures, *board.specialists[0].figures]
    assert [one.reached for one in board.totals] == [3, 2, 2, 3, 0, 1, 0, 0, 0, 0]
    assert [one.of for one in board.totals] == [None, None, 4, 4, 4, 4, 4, 0, 0, 0]
    assert [one.reached for one in board.specialists[0].figures] == [2, 1, 1, 2, 0, 0, 0, 0, 0, 0]
    assert [rows_behind(app, one, manager) for one in figures] == [one.reached for one in figures]


def test_another_branch_is_neither_counted_nor_shown(app: Flask) -> None:
    branch, manager, _ = team()
    create_employer(create_branch(), account_opened_on=date(2026, 11, 3), stage=Stage.REGISTERED)
    with app.test_request_context():
        board = dashboard(MONTH, manager)
    assert [line.branch_id for line in board.branches] == [branch.id]
    assert figure(board.totals, "new_employers").reached == 0


def test_the_department_sums_the_targets_of_its_branches(app: Flask) -> None:
    root = create_branch()
    branches = [create_branch(parent=root) for _ in range(2)]
    director = create_user(Role.MANAGER, branch=root, scope=Scope.BRANCH_AND_BELOW)
    create_user(Role.SPECIALIST, branch=branches[0])
    create_user(Role.SPECIALIST, branch=branches[1])
    set_targets(MONTH, {("new_employers", branch.id, None): 4 for branch in branches}, director)
    with app.test_request_context():
        board = dashboard(MONTH, director)
    assert figure(board.totals, "new_employers").target == 8
    assert figure(board.totals, "newly_signed").target is None


def test_a_target_is_set_changed_and_removed(app: Flask) -> None:
    branch, manager, specialist = team()
    key = ("new_employers", branch.id, specialist.id)
    assert set_targets(MONTH, {key: 5}, manager) == 1
    assert set_targets(MONTH, {key: 5}, manager) == 0
    assert set_targets(MONTH, {key: 6}, manager) == 1
    with app.test_request_context():
        assert figure(dashboard(MONTH, manager).specialists[0].figures, "new_employers").target == 6
    assert set_targets(MONTH, {key: None}, manager) == 1


@pytest.mark.parametrize("change", [{"kpi": "made_up"}, {"branch": 99}, {"value": -1}, {"value": 100_001}])
def test_a_target_out_of_reach_or_range_is_refused(app: Flask, change: dict[str, Any]) -> None:
    branch, manager, _ = team()
    key = (change.get("kpi", "new_employers"), change.get("branch", branch.id), None)
    with pytest.raises(DomainError):
        set_targets(MONTH, {key: change.get("value", 1)}, manager)


def test_the_trend_has_a_count_for_each_of_twelve_months(app: Flask) -> None:
    branch, manager, _ = team()
    for month in (1, 1, 11):
        create_employer(branch, account_opened_on=date(2026, month, 10), stage=Stage.REGISTERED)
    with app.test_request_context():
        kpi = dashboard(MONTH, manager).totals[0].kpi
        months = trend(kpi, MONTH, manager)
    assert [number for _period, number, _url in months] == [0, 2, *[0] * 9, 1]


def test_a_month_without_neighbours_is_refused_like_any_other_rubbish(
    client: FlaskClient,
) -> None:
    sign_in(client, team()[1])
    answers = [client.get(f"/dashboard?month={month}").status_code for month in ("190001", "x", "190301")]
    assert answers == [400, 400, 200]
