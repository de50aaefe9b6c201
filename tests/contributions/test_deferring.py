"""Approved terms and make-up plans in arrears: reckoned alike in Python and in SQL, and followed by cases."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.contributions.arrears.models import ArrearsCase, CaseState
from app.contributions.arrears.services import catch_up
from app.contributions.models import ContributionFact
from app.contributions.policy import Facts, rule_on, stands
from app.contributions.standing.policy import Standing
from app.contributions.standing.queries import reckoned, report
from app.contributions.standing.services import reckon_anew
from app.contributions.terms.queries import approved_terms
from app.core.db import db
from app.core.errors import DomainError
from app.core.periods import Period
from app.core.permissions import Role, Scope
from app.core.rules.deferring import Plan, Reading, Term, excused
from app.core.workflow.engine import transition
from app.employers.models import AccountStatus, Employer, Stage
from app.relief.making_up.services import plan_instalments
from app.relief.models import ReliefDecision, ReliefInstalment, ReliefKind, ReliefPlan, ReliefState
from app.relief.workflow import RELIEF_TERM
from app.targets.queries import dashboard
from tests.contributions.statements import apply, line, statement, take_back
from tests.factories import create_branch, create_employer, create_user, seed_codes

START = Period(2022, 1)
UTC_8 = timezone(timedelta(hours=8))
months = st.integers(0, 20).map(lambda n: START + n)
days = st.dates(date(2022, 1, 1), date(2023, 9, 30))


@st.composite
def plans(draw: st.DrawFn, after: Period) -> ReliefPlan:
    found = ReliefPlan(agreed_on=draw(st.none() | days))
    found.given_up_on, found.made_up_on = draw(st.none() | days), draw(st.none() | days)
    for number in range(draw(st.integers(0, 3))):
        through = draw(st.none() | months)
        one = ReliefInstalment(month=after + number + 1, amount=Decimal(1), through=through)
        found.instalments.append(one)
    return found


@st.composite
def terms(draw: st.DrawFn) -> ReliefDecision:
    first, length = draw(months), draw(st.integers(0, 7))
    state = draw(st.sampled_from((ReliefState.RESUMED, ReliefState.EXTENDED, ReliefState.MADE_UP)))
    found = ReliefDecision(kind=ReliefKind.DEFERMENT, from_month=first, to_month=first + length)
    found.state, found.plans = state, draw(st.lists(plans(found.to_month), max_size=2))
    return found


_STATUSES = (AccountStatus.NORMAL, AccountStatus.DEFERRED, AccountStatus.OPENED, AccountStatus.SEALED)
facts = st.builds(
    Facts, st.sampled_from(_STATUSES), st.none() | months, st.none() | st.integers(1, 31), st.none() | months
)
_BY_STATUS = {AccountStatus.DEFERRED: Standing.DEFERRED, AccountStatus.SEALED: Standing.SEALED}


@given(facts, st.lists(terms(), max_size=3, unique_by=lambda one: one.from_month), days)
@settings(
    max_examples=50,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_sql_and_python_reckon_alike(
    app: Flask, said: Facts, granted: list[ReliefDecision], day: date
) -> None:
    employer = db.session.scalars(select(Employer)).first() or create_employer(create_branch())
    with db.session.begin_nested() as nested:
        for one in granted:
            one.employer = employer
            db.session.add(one)
        statement_month = Period.of(day)
        db.session.add(
            ContributionFact(
                employer_id=employer.id, period=statement_month, account_status=said.status, heads=1,
                paid_through=said.paid, pay_day=said.pay_day, first_contribution_month=said.first, as_of=day,
            )
        )  # fmt: skip
        reckon_anew([employer.id])
        own = approved_terms([employer.id]).get(employer.id, ())
        status, unpaid = stands(said, day, rule_on(day), own, statement_month)
        on_the_day, as_left = (
            db.session.execute(select(stand).where(stand.c.employer_id == employer.id)).one()
            for stand in (reckoned(day), reckoned())
        )
        nested.rollback()
    found = on_the_day
    assert (as_left.standing, as_left.as_of) == (found.standing, day)
    assert found.standing != Standing.COUNTED or as_left.months == found.months
    if status in _BY_STATUS:
        assert found.standing == _BY_STATUS[status]
    elif said.paid is None and not unpaid:
        assert found.standing == Standing.NEVER_PAID
    else:
        assert (found.standing, found.months) == (Standing.COUNTED, unpaid)


@pytest.mark.databases("sqlite")
def test_a_plan_holds_until_too_many_instalments_are_missing() -> None:
    marks = ((Period(2022, 9), Period(2022, 4)), (Period(2022, 10), Period(2022, 6)))
    plan = Plan(date(2022, 9, 10), marks)

    def left(day: date, month: int, paid: int, breaks: int = 1, plan: Plan = plan) -> int:
        term = Term(Period(2022, 4), Period(2022, 8), (plan,))
        reading = Reading(day, Period(2022, month), Period(2022, paid), Period(2022, month))
        return excused([term], reading, breaks)

    assert left(date(2022, 8, 31), 8, 3) == 5  # in force
    assert left(date(2022, 9, 1), 9, 4) == 0  # over, and nothing is agreed yet
    assert left(date(2022, 9, 30), 9, 4) == 4  # the first instalment is made up
    assert left(date(2022, 10, 31), 10, 4) == 0  # the second one is not
    assert left(date(2022, 10, 31), 10, 4, breaks=2) == 4
    assert left(date(2022, 10, 31), 10, 6) == 2  # made up after all
    given_up = replace(plan, given_up_on=date(2022, 9, 30))
    assert left(date(2022, 9, 29), 9, 4, plan=given_up) == 4
    assert left(date(2022, 9, 30), 9, 4, plan=given_up) == 0
    made_up = replace(plan, made_up_on=date(2022, 11, 2))
    assert left(date(2022, 10, 31), 10, 4, plan=made_up) == 0  # what was recorded later changes nothing
    assert left(date(2022, 11, 30), 11, 4, plan=made_up) == 4


@pytest.fixture
def department(app: Flask) -> Flask:
    create_branch("00")
    seed_codes()
    db.session.commit()
    return app


def grant(number: int = 1) -> ReliefDecision:
    """Four months, April to July 2022, of an employer that paid through March."""
    employer = db.session.scalars(
        select(Employer).where(Employer.employer_account_no == f"0301{number:08d}")
    ).one()
    decision = ReliefDecision(
        employer=employer, kind=ReliefKind.DEFERMENT, from_month=Period(2022, 4), to_month=Period(2022, 7),
        monthly_amount=Decimal(1000), heads=5, state=ReliefState.RUNNING,
    )  # fmt: skip
    db.session.add(decision)
    db.session.commit()
    return decision


def case_states() -> list[tuple[CaseState, int]]:
    db.session.expire_all()
    rows = db.session.scalars(select(ArrearsCase).order_by(ArrearsCase.first_period))
    return [(case.state, case.months) for case in rows]


@pytest.mark.databases("sqlite")
def test_cases_follow_the_end_of_a_term_its_plan_and_the_plans_failure(
    department: Flask, tmp_path: Path
) -> None:
    """Deferred April to July; agreed in September to make up two months in September and October each."""

    def heard(month: int, paid: int, status: str = "01") -> int:
        file = statement(tmp_path, f"2022年{month}月", [line(1, paid, status=status)])
        batch: int = apply(department, file)["batch"]
        return batch

    heard(4, 202203, "03")
    decision = grant()
    heard(7, 202203, "03")
    assert case_states() == [] and report(date(2022, 7, 31), None).apart == {Standing.DEFERRED: 1}
    with time_machine.travel(datetime(2022, 7, 31, 22, tzinfo=UTC_8), tick=False):
        assert (catch_up(), case_states()) == (0, [])
    # the term is over and the latest statement shows nothing paid: the morning does not wait for the next
    with time_machine.travel(datetime(2022, 8, 1, 6, tzinfo=UTC_8), tick=False):
        assert (catch_up(), catch_up()) == (0, 0)
        db.session.commit()
    opened = db.session.scalars(select(ArrearsCase)).one()
    assert (opened.opened_on, opened.first_period, opened.months) == (date(2022, 8, 1), Period(2022, 7), 4)
    assert (opened.employer.arrears_months, opened.employer.arrears_as_of) == (4, date(2022, 8, 1))
    assert report(None, None).as_json()["4"] == 1
    assert report(date(2022, 7, 31), None).apart == {Standing.DEFERRED: 1}
    # the bank still says deferred, but the term is over: April to August are due
    heard(8, 202203, "03")
    assert db.session.scalars(select(ArrearsCase.id)).all() == [opened.id]
    assert case_states() == [(CaseState.OPENED, 5)]
    assert report(date(2022, 8, 31), None).as_json()["5"] == 1
    employer = db.session.scalars(select(Employer)).one()
    assert (employer.stage, employer.arrears_months) == (Stage.IN_ARREARS, 5)
    decision.state = ReliefState.ENDED
    user = create_user(Role.SPECIALIST, branch=employer.branch)
    half = Decimal(2000)
    plan_instalments(decision, [(Period(2022, 9), half), (Period(2022, 10), half)], user)
    agreed = {"agreed_on": date(2022, 8, 31)}
    transition(RELIEF_TERM, decision, "resume", user, answers=agreed)
    db.session.commit()
    # August itself is not deferred, so the case goes on with it alone
    assert case_states() == [(CaseState.OPENED, 1)]
    heard(9, 202205)
    # the first instalment is made up; August and September are late
    assert case_states() == [(CaseState.OPENED, 2)]
    failed = heard(10, 202205)
    assert case_states() == [(CaseState.OPENED, 5)]
    assert report(date(2022, 10, 31), None).behind == 1
    take_back(department, failed)
    assert case_states() == [(CaseState.OPENED, 2)]
    assert catch_up() == 0
    # what is recorded as made up, or given up, on a later day leaves what statements of before found
    heard(10, 202205)
    boss = create_user(Role.MANAGER, branch=employer.branch)
    proof = {"made_up_on": date(2022, 11, 8), "proof": "银行回单 2022-11-08"}
    with pytest.raises(DomainError):
        transition(
            RELIEF_TERM, decision, "confirm_made_up", boss, answers={**proof, "made_up_on": date(2022, 8, 1)}
        )
    first = decision.instalments
    give_up = {"given_up_on": date(2022, 11, 7), "why": "第二期未补缴"}
    transition(RELIEF_TERM, decision, "give_up_plan", user, answers=give_up)
    plan_instalments(decision, [(Period(2022, 11), half), (Period(2022, 12), half)], user)
    transition(RELIEF_TERM, decision, "resume", user, answers={"agreed_on": date(2022, 11, 7)})
    db.session.commit()
    assert case_states() == [(CaseState.OPENED, 5)] and catch_up() == 0
    transition(RELIEF_TERM, decision, "confirm_made_up", boss, answers=proof)
    db.session.commit()
    assert case_states() == [(CaseState.OPENED, 5)]
    said = select(ContributionFact.arrears_months).order_by(ContributionFact.period)
    assert db.session.scalars(said).all() == [0, 0, 1, 2, 5]
    assert decision.given_up[0].instalments == first and len(decision.instalments) == 2
    heard(11, 202205)
    assert case_states() == [(CaseState.OPENED, 4)]  # August to November: June and July are made up


@pytest.mark.databases("sqlite")
def test_a_term_entered_late_ends_the_case_as_relieved_and_its_removal_brings_it_back(
    department: Flask, tmp_path: Path
) -> None:
    apply(department, statement(tmp_path, "2022年5月", [line(1, 202203)]))
    june = apply(department, statement(tmp_path, "2022年6月", [line(1, 202203)]))["batch"]
    assert case_states() == [(CaseState.OPENED, 3)]
    grant()
    with time_machine.travel(datetime(2022, 7, 15, 6, tzinfo=UTC_8), tick=False):
        catch_up()
        db.session.commit()
    assert case_states() == []  # nobody had worked on it, and no statement finds a month due
    assert db.session.scalars(select(Employer.arrears_months)).one() == 0
    found = report(date(2022, 6, 30), None)
    assert (found.due_units, found.apart) == (0, {Standing.DEFERRED: 1})
    # what was reckoned anew is no edit: the statement can be taken back, and May's is not what it was then
    assert take_back(department, june)["kept"] == 0
    employer = db.session.scalars(select(Employer)).one()
    assert (employer.statement_period, employer.arrears_months) == (Period(2022, 5), 0)
    # when the term is over June's would say that months are due, but May's does not speak for August any more
    with time_machine.travel(datetime(2022, 8, 1, 6, tzinfo=UTC_8), tick=False):
        catch_up()
        assert case_states() == []
        june = apply(department, statement(tmp_path, "2022年6月", [line(1, 202203)]))["batch"]
        assert case_states() == []
        catch_up()
        assert case_states() == [(CaseState.OPENED, 4)]
        assert take_back(department, june)["kept"] == 0
    assert case_states() == []


@pytest.mark.databases("sqlite")
def test_the_figures_of_the_dashboard_are_those_of_the_report(department: Flask, tmp_path: Path) -> None:
    """By facts, not by stages: closing, deferred and new accounts are counted or set apart alike."""
    said = [
        line(1, 202209), line(2, 202207), line(3, 202206), line(4, 202205, status="03"),
        line(5, None, status="02"), line(6, None, first=202208), line(7, 202209, status="02"),
        line(8, 202205, status="05"), line(9, 202206, status="03"), line(10, 202208), line(11, 202109),
    ]  # fmt: skip
    apply(department, statement(tmp_path, "2022年9月", said))
    grant(4)  # its last month was July
    for number in (3, 1):
        account = Employer.employer_account_no == f"0301{number:08d}"
        db.session.scalars(select(Employer).where(account)).one().stage = Stage.CLOSING
    catch_up()
    db.session.commit()
    found = report(None, None)
    user = create_user(Role.MANAGER, scope=Scope.ALL)
    with department.test_request_context():
        figures = {one.kpi.code: one for one in dashboard(Period(2022, 9), user).totals}
    rate, good, long = figures["arrears_rate"], figures["good_standing"], figures["long_arrears"]
    assert (rate.reached, rate.of) == (found.behind, found.due_units) == (6, 8)
    assert (good.reached, good.of) == (found.employers[0], found.due_units)
    assert long.reached == sum(number for months, number in found.employers.items() if months >= 4)
