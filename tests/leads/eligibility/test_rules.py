"""Who must contribute: rules as data, decisions by hand that no rule overrides, and what is unclear."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import User
from app.core.clock import today
from app.core.db import db
from app.core.jobs import run_inline
from app.core.permissions import Role
from app.employers.models import Employer
from app.leads.eligibility.jobs import judge_all
from app.leads.eligibility.models import Eligibility, EligibilityRule, Verdict
from app.leads.ledger.models import Lead, Left
from tests import spreadsheets
from tests.factories import create_branch, create_employer, create_user, seed_eligibility_rules, sign_in
from tests.imports.sample import credit_code_of
from tests.leads.test_lists import apply, undo

CODE = credit_code_of(201)
SHOP = "92000000000000001X"


@pytest.fixture
def li(app: Flask) -> User:
    seed_eligibility_rules()
    return create_user(Role.SPECIALIST, branch=create_branch("00"))


def judged() -> None:
    db.session.commit()
    judge_all()
    db.session.expire_all()


def test_rules_spare_individual_businesses_and_leave_branches_to_a_person(li: User) -> None:
    shop = create_employer(li.branch, uscc=SHOP)
    office = create_employer(li.branch, name="恒达科技有限公司滨海分公司")
    plain = create_employer(li.branch)
    judged()
    assert [shop.eligible, office.eligible, plain.eligible] == [False, True, True]
    held = {row.employer_id: row.verdict for row in db.session.scalars(select(Eligibility))}
    assert held == {shop.id: Verdict.NOT_OBLIGED, office.id: Verdict.UNCLEAR}
    left = select(Lead.left_why).where(Lead.left_on.is_not(None))
    assert db.session.scalars(left).all() == [Left.NOT_ELIGIBLE]


def test_what_a_person_decides_no_rule_overrides(client: FlaskClient, li: User) -> None:
    office = create_employer(li.branch, name="恒达科技有限公司滨海分公司")
    judged()
    sign_in(client, li)
    assert "滨海分公司" in client.get("/leads/eligibility").get_data(as_text=True)
    address = f"/leads/eligibility/{office.id}"
    assert client.post(address, data={"verdict": "head_office", "reason": ""}).status_code == 422
    assert client.post(address, data={"verdict": "unclear", "reason": "不清楚"}).status_code == 422
    assert (
        client.post(address, data={"verdict": "head_office", "reason": "总公司统一缴存"}).status_code == 303
    )
    judged()
    assert (office.eligible, office.ineligible_reason) == (False, "总公司统一缴存")
    assert "滨海分公司" not in client.get("/leads").get_data(as_text=True)
    assert client.post(address, data={"verdict": "itself", "reason": "独立核算"}).status_code == 303
    judged()
    assert office.eligible


def test_a_person_s_correction_of_the_facts_outlives_the_rule_that_spoke_before(li: User) -> None:
    shop = create_employer(li.branch, uscc=SHOP)
    judged()
    shop.eligible = True
    judged()
    assert shop.eligible


def test_a_rule_that_ends_gives_its_firms_back(client: FlaskClient, li: User) -> None:
    shop = create_employer(li.branch, uscc=SHOP)
    judged()
    rule = db.session.scalars(select(EligibilityRule).where(EligibilityRule.pattern == "92")).one()
    sign_in(client, li)
    assert client.get(f"/leads/eligibility/rules/{rule.id}").status_code == 403
    sign_in(client, create_user(Role.MANAGER, branch=li.branch))
    form = {"position": "10", "sign": "code", "pattern": "92", "verdict": "not_obliged", "reason": "个体"}
    with run_inline():
        answer = client.post(
            f"/leads/eligibility/rules/{rule.id}",
            data=form | {"valid_from": "2020-01-01", "valid_until": "2019-01-01"},
        )
        assert answer.status_code == 400
        assert client.post(f"/leads/eligibility/rules/{rule.id}", data=form).status_code == 303
        assert not db.session.scalar(select(Employer.eligible))
        ended = form | {"valid_until": "2020-01-01"}
        assert client.post(f"/leads/eligibility/rules/{rule.id}", data=ended).status_code == 303
    db.session.expire_all()
    assert db.session.scalar(select(Employer.eligible).where(Employer.id == shop.id))
    assert db.session.scalar(select(Lead.found_on).where(Lead.left_on.is_(None))) == today()


def test_an_import_judges_its_firms_at_once_and_undo_takes_that_back(
    app: Flask, li: User, tmp_path: Path
) -> None:
    known = create_employer(li.branch, name="旧厂", uscc=CODE)
    db.session.add(EligibilityRule(position=5, sign="name_ends", pattern="清算组", verdict="not_obliged",
                                   reason="清算中"))  # fmt: skip
    header = ["企业名称", "统一社会信用代码", "注册日期"]
    rows = [["滨河清算组", CODE, "2020-01-02"]]
    file = spreadsheets.csv_file(tmp_path / "registry.csv", [header, *rows])
    answer = apply(app, "registry", file, "--as-of", "2022-10-01")
    assert (known.eligible, known.ineligible_reason) == (False, "清算中")
    assert undo(app, answer["batch"])
    assert (known.name, known.eligible) == ("旧厂", True)
