"""Scripts in versions, and what a plan costs."""

from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.models import User
from app.core import options
from app.core.clock import today
from app.core.errors import Conflict, DomainError
from app.core.permissions import Role
from app.core.rules import rates
from app.core.rules.legal import seed_legal_basis
from app.core.rules.rates import Bounds, Group, monthly_cost
from app.outreach.plans.services import save_plan
from app.outreach.talking import queries
from app.outreach.talking.models import Script, ScriptKind
from app.outreach.talking.services import Wording, add_script, log_rehearsal, set_situations, write_version
from tests.factories import create_employer, create_user, sign_in

FIVE, TWELVE = Decimal("0.05"), Decimal("0.12")
BOUNDS = Bounds(FIVE, TWELVE, Decimal(2320), Decimal(27861))


@pytest.fixture
def zhou(app: Flask) -> User:
    return create_user(Role.MANAGER, name="周丽")


@pytest.fixture
def script(zhou: User) -> Script:
    return add_script(
        ScriptKind.ANSWER, "人少不用交吧？", ["opening"], Wording("一人也应办理。", (), today()), zhou
    )


def test_a_new_text_follows_the_old_one_which_stays_as_it_was(script: Script, zhou: User) -> None:
    write_version(script, Wording("先问情况。", ("register",), today() + timedelta(days=3)), zhou)
    found = queries.find(script.id)
    assert [(one.number, one.text) for one in found.versions] == [(2, "先问情况。"), (1, "一人也应办理。")]
    assert [one.version.number for one in queries.offered()] == [1]
    with pytest.raises(DomainError):
        write_version(script, Wording("更早的。", (), today()), zhou)
    with pytest.raises(Conflict):
        add_script(ScriptKind.SHEET, "人少不用交吧？", [], Wording("同名。", (), today()), zhou)


def test_what_is_no_longer_offered_is_not_at_hand(client: FlaskClient, script: Script, zhou: User) -> None:
    sign_in(client, zhou)
    assert "一人也应办理" in client.get("/scripts/at-hand?topics=opening").text
    assert "一人也应办理" not in client.get("/scripts/at-hand?topics=arrears").text
    set_situations(script, ["opening"], retired=True)
    assert "一人也应办理" not in client.get("/scripts/at-hand", headers={"HX-Request": "true"}).text


def test_a_specialist_reads_and_rehearses_and_writes_nothing(
    client: FlaskClient, script: Script, zhou: User
) -> None:
    sign_in(client, create_user(Role.SPECIALIST, branch=zhou.branch))
    assert client.get(f"/scripts/{script.id}").status_code == 200
    rehearsal = {"held_on": today().isoformat(), "participants": "陈静、刘洋"}
    assert client.post(f"/scripts/{script.id}/rehearsals", data=rehearsal).status_code == 303
    assert "陈静、刘洋" in client.get(f"/scripts/{script.id}").text
    assert client.post(f"/scripts/{script.id}/version", data={"text": "改写"}).status_code == 403
    assert client.get("/scripts/new").status_code == 403


@pytest.mark.databases("sqlite")
def test_a_refused_text_or_rehearsal_is_shown_again_as_it_was_typed(
    client: FlaskClient, script: Script, zhou: User
) -> None:
    sign_in(client, zhou)
    yesterday = (today() - timedelta(days=1)).isoformat()
    long = {"text": "很长的一段话术。", "valid_from": yesterday}
    again = {"kind": "answer", "title": script.title, **long, "valid_from": today().isoformat()}
    heard = {"held_on": "2999-01-01", "participants": "陈静", "findings": "语速要慢一些。"}
    for address, data, kept in (
        (f"/scripts/{script.id}/version", long, long["text"]),
        ("/scripts/new", again, long["text"]),
        (f"/scripts/{script.id}/rehearsals", heard, heard["findings"]),
        (f"/scripts/{script.id}/rehearsals", {**heard, "participants": ""}, heard["findings"]),
    ):
        refused = client.post(address, data=data)
        assert refused.status_code == 422 and kept in refused.text
    assert [one.number for one in queries.find(script.id).versions] == [1]
    assert not queries.rehearsals(zhou, script.id)


def test_rehearsals_are_seen_where_they_were_held(client: FlaskClient, script: Script, zhou: User) -> None:
    log_rehearsal(script, today(), "本部门同事", "", zhou)
    sign_in(client, create_user(Role.SPECIALIST))
    page = client.get(f"/scripts/{script.id}").text
    assert "一人也应办理" in page and "本部门同事" not in page


def test_a_situation_that_is_none_is_refused_with_a_message(
    client: FlaskClient, script: Script, zhou: User
) -> None:
    sign_in(client, zhou)
    refused = client.post(f"/scripts/{script.id}/situations", data={"situations": ["nonsense"]})
    assert refused.status_code == 422 and "nonsense" in refused.text
    assert queries.find(script.id).situations == ["opening"]


def test_a_manager_writes_a_script_with_its_legal_basis(client: FlaskClient, zhou: User) -> None:
    seed_legal_basis()
    sign_in(client, zhou)
    data = {
        "kind": "sheet", "title": "开户明白纸", "text": "三十日内登记。", "situations": ["opening"],
        "bases": ["register_in_time"], "valid_from": today().isoformat(),
    }  # fmt: skip
    page = client.post("/scripts/new", data=data, follow_redirects=True).text
    assert "第十四条" in page
    assert client.post("/scripts/new", data={**data, "title": ""}).status_code == 422


@given(st.integers(1, 500), st.decimals(1, 90_000, places=2), st.integers(5, 12))
def test_each_head_costs_its_base_within_floor_and_ceiling_times_the_rate(
    heads: int, wage: Decimal, percent: int
) -> None:
    rate = Decimal(percent) / 100
    cost = monthly_cost([Group(heads, wage)], rate, FIVE, BOUNDS)
    base = Decimal(2320) if wage < 2320 else Decimal(27861) if wage > 27861 else wage
    assert abs(cost.employer - base * rate * heads) <= Decimal("0.005") * heads
    assert cost.employer == cost.employer.quantize(Decimal("0.01"))
    assert cost.employer >= cost.employees


def test_a_plan_by_hand_comes_to_the_cent(zhou: User) -> None:
    employer = create_employer(zhou.branch)
    groups = [Group(12, Decimal("4800.10")), Group(2, Decimal(31000))]
    plan = save_plan(employer, groups, Decimal("0.07"), FIVE, "", zhou)
    # 4,800.10 × 7 % = 336.007 → 336.01, twelve times; 27,861 × 7 % = 1,950.27, twice
    assert plan.employer_amount == Decimal("7932.66")
    # 4,800.10 × 5 % = 240.005 → 240.01, twelve times; 27,861 × 5 % = 1,393.05, twice
    assert plan.employees_amount == Decimal("5666.22")
    assert save_plan(employer, groups, FIVE, FIVE, "", zhou).number == 2
    options.set_value(rates.ROUNDING, 2)  # to whole yuan: 336 twelve times, 1,950 twice; 240 and 1,393
    whole = save_plan(employer, groups, Decimal("0.07"), FIVE, "", zhou)
    assert (whole.employer_amount, whole.employees_amount) == (Decimal(7932), Decimal(5666))


@pytest.mark.parametrize("percent", ["4", "12.01"])
def test_a_rate_out_of_bounds_is_refused_and_the_bounds_are_settings(zhou: User, percent: str) -> None:
    employer, rate = create_employer(zhou.branch), Decimal(percent) / 100
    with pytest.raises(DomainError):
        save_plan(employer, [Group(1, Decimal(5000))], rate, FIVE, "", zhou)
    options.set_value(rates.LOWEST_RATE, 4)
    options.set_value(rates.HIGHEST_RATE, 13)
    assert save_plan(employer, [Group(1, Decimal(5000))], rate, FIVE, "", zhou).number == 1


def test_the_calculator_shows_the_cost_before_anything_is_kept(client: FlaskClient, zhou: User) -> None:
    employer = create_employer(zhou.branch, insured_heads=8)
    sign_in(client, zhou)
    assert 'value="8"' in client.get(f"/plans/at/{employer.id}").text
    form = {"heads_1": "10", "wage_1": "5000", "employer_rate": "5", "employee_rate": "5"}
    assert "2,500.00" in client.post(f"/plans/at/{employer.id}/reckon", data=form).text
    said = client.post(f"/plans/at/{employer.id}/reckon", data={**form, "employer_rate": "3"}).text
    assert "2,500.00" not in said and "5%" in said
    refused = client.post(f"/plans/at/{employer.id}", data={**form, "employer_rate": "3"})
    assert refused.status_code == 422 and 'value="5000"' in refused.text  # nothing typed is lost
    low = client.post(f"/plans/at/{employer.id}", data={**form, "wage_1": "2000"}, follow_redirects=True).text
    assert "2,000.00" in low and "2,320.00" in low
    kept = client.post(f"/plans/at/{employer.id}", data=form, follow_redirects=True).text
    assert "2,500.00" in kept
    assert client.post(f"/plans/at/{employer.id}", data={**form, "heads_1": "0"}).status_code == 422
    for wrong in ({"employer_rate": "5.255"}, {"employee_rate": "sNaN"}, {"wage_1": "5000.001"}):
        assert client.post(f"/plans/at/{employer.id}", data=form | wrong).status_code == 422
    half = client.post(f"/plans/at/{employer.id}", data=form | {"heads_2": "4"})
    assert half.status_code == 422 and "另一项" in half.text
