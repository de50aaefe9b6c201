"""A decision through its life: the clock, statements, plans, the register's figures."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import Branch
from app.core import signals
from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError, Forbidden
from app.core.periods import Period
from app.core.permissions import Role
from app.core.workflow.engine import WorkflowHistory, transition
from app.employers.models import Employer, Stage
from app.relief.making_up.services import plan_instalments
from app.relief.models import InstalmentState, ReliefDecision, ReliefKind, ReliefState
from app.relief.policy import made_up
from app.relief.queries import Span, figures
from app.relief.services import keep_clocks
from app.relief.workflow import RELIEF_TERM
from app.tasks.models import Task, TaskState
from tests.factories import create_branch, create_employer, create_user, sign_in

FIRST, LAST = Period(2026, 7), Period(2026, 12)


@pytest.fixture
def branch(app: Flask) -> Branch:
    return create_branch()


def employer_of(branch: Branch, number: int = 1) -> Employer:
    return create_employer(
        branch, employer_account_no=f"03010000000{number}", stage=Stage.CONTRIBUTING, heads=10,
        paid_through=FIRST + -1, employer_rate=Decimal("0.12"), employee_rate=Decimal("0.12"),
        monthly_amount=Decimal(12_000),
    )  # fmt: skip


def grant(employer: Employer, kind: ReliefKind = ReliefKind.DEFERMENT, **fields: Any) -> ReliefDecision:
    values: dict[str, Any] = {"from_month": FIRST, "to_month": LAST, **fields}
    decision = ReliefDecision(employer=employer, kind=kind, **values)
    db.session.add(decision)
    db.session.flush()
    return decision


def state_of(decision: ReliefDecision) -> ReliefState:
    """For the type checker, which takes a state once seen for the state for ever."""
    return decision.state


def test_the_clock_begins_reminds_once_at_each_mark_and_ends(branch: Branch) -> None:
    employer = employer_of(branch)
    decision = grant(employer)
    keep_clocks(date(2026, 6, 30))
    assert state_of(decision) is ReliefState.APPROVED
    keep_clocks(date(2026, 7, 1))
    assert (decision.state, employer.stage) == (ReliefState.RUNNING, Stage.ON_RELIEF)
    assert (decision.heads, decision.monthly_amount) == (10, Decimal(12_000))
    proof = db.session.scalars(select(WorkflowHistory).where(WorkflowHistory.workflow == "lifecycle")).one()
    assert (proof.transition, proof.evidence["relief"]) == ("relief_begins", decision.id)
    for day in (
        date(2026, 11, 1),
        date(2026, 11, 2),
        date(2026, 12, 1),
        date(2026, 12, 2),
        date(2026, 12, 25),
    ):
        keep_clocks(day)
    tasks = db.session.scalars(
        select(Task).where(Task.kind.startswith("relief_reminder")).order_by(Task.id)
    ).all()
    assert [task.kind for task in tasks] == ["relief_reminder_1", "relief_reminder_2", "relief_reminder_3"]
    keep_clocks(date(2027, 1, 1))
    assert state_of(decision) is ReliefState.ENDED
    assert {task.state for task in tasks} == {TaskState.DONE}
    keep_clocks(date(2027, 3, 1))
    assert (decision.state, employer.stage) == (ReliefState.OVERDUE, Stage.IN_ARREARS)
    decision.to_month = Period(2027, 4)  # as a corrected list has it
    keep_clocks(date(2027, 3, 2))
    assert (decision.state, employer.stage) == (ReliefState.RUNNING, Stage.ON_RELIEF)
    keep_clocks(date(2027, 5, 1))
    assert state_of(decision) is ReliefState.ENDED


def test_a_renewal_follows_and_what_is_long_over_disturbs_nobody(branch: Branch) -> None:
    employer, other = employer_of(branch), employer_of(branch, 2)
    first, following = grant(employer), grant(employer, from_month=LAST + 1, to_month=LAST + 12)
    past = grant(other, from_month=Period(2022, 1), to_month=Period(2022, 6))
    for day in (date(2026, 7, 1), date(2026, 12, 25), date(2027, 1, 1)):
        keep_clocks(day)
    assert (first.state, following.state) == (ReliefState.EXTENDED, ReliefState.RUNNING)
    assert (past.state, other.stage, employer.stage) == (
        ReliefState.PAST,
        Stage.CONTRIBUTING,
        Stage.ON_RELIEF,
    )
    assert db.session.scalars(select(Task)).all() == []
    # what the first term deferred is made up with the second one's
    keep_clocks(date(2028, 1, 3))
    total, user = Decimal(18 * 12_000), create_user(Role.SPECIALIST, branch=branch)
    assert (following.amount, following.owed) == (Decimal(12 * 12_000), total)
    with pytest.raises(DomainError):
        plan_instalments(following, [(LAST + 13, Decimal(12 * 12_000))], user)
    plan_instalments(following, [(LAST + 13, total)], user)
    assert made_up(following, FIRST) == Decimal(12_000)
    assert made_up(following, LAST + 12) == total


def test_what_was_deferred_is_made_up_by_a_plan_that_statements_keep(branch: Branch) -> None:
    employer = employer_of(branch)
    user, head = create_user(Role.SPECIALIST, branch=branch), create_user(Role.MANAGER, branch=branch)
    decision = grant(employer)
    keep_clocks(date(2026, 7, 1))
    with pytest.raises(Forbidden):
        transition(RELIEF_TERM, decision, "end_early", user)
    with pytest.raises(DomainError):
        transition(RELIEF_TERM, decision, "end_early", head, answers={"ended_month": LAST, "why": "好转"})
    transition(RELIEF_TERM, decision, "end_early", head, answers={"ended_month": FIRST + 1, "why": "好转"})
    assert (decision.state, decision.amount) == (ReliefState.ENDED_EARLY, Decimal(24_000))
    with pytest.raises(DomainError):
        transition(RELIEF_TERM, decision, "resume", user, answers={"agreed_on": date(2026, 9, 1)})
    half = Decimal(12_000)
    for rows in ([(FIRST + 2, half)], [(FIRST + 1, half), (FIRST + 2, half)], []):
        with pytest.raises(DomainError):
            plan_instalments(decision, rows, user)
    plan_instalments(decision, [(FIRST + 2, half), (FIRST + 3, half)], user)
    transition(RELIEF_TERM, decision, "resume", user, answers={"agreed_on": date(2026, 9, 1)})
    assert employer.stage is Stage.CONTRIBUTING
    with pytest.raises(DomainError):
        plan_instalments(decision, [(FIRST + 2, half * 2)], user)
    first, second = decision.instalments
    employer.statement_period = FIRST + 2
    signals.statement_recorded.send("test", period=FIRST + 2, employer_ids=[employer.id])
    assert (first.state, second.state) == (InstalmentState.MISSED, InstalmentState.PLANNED)
    employer.statement_period, employer.paid_through = FIRST + 3, FIRST
    signals.statement_recorded.send("test", period=FIRST + 3, employer_ids=[employer.id])
    assert (first.state, first.paid, second.state) == (InstalmentState.PAID, half, InstalmentState.MISSED)
    employer.paid_through = FIRST + 1
    signals.statement_recorded.send("test", period=FIRST + 3, employer_ids=[employer.id])
    assert decision.state is ReliefState.MADE_UP
    asked = select(Task.state).where(Task.kind == "relief_instalment").order_by(Task.id)
    assert db.session.scalars(asked).all() == [TaskState.DONE] * 2
    # that statement was taken back: what it had shown counts no more
    employer.statement_period, employer.paid_through = FIRST + 2, FIRST + -1
    signals.statement_withdrawn.send("test", employer_ids=[employer.id])
    assert (state_of(decision), first.state, second.state) == (
        ReliefState.RESUMED,
        InstalmentState.MISSED,
        InstalmentState.PLANNED,
    )
    assert db.session.scalars(asked).all() == [TaskState.DONE] * 2 + [TaskState.OPEN]


def test_what_is_paid_without_a_plan_is_made_up_and_of_an_unknown_amount_the_plan_decides(
    branch: Branch,
) -> None:
    paid, unknown = employer_of(branch), employer_of(branch, 2)
    unknown.monthly_amount = None  # statements need not tell it, and the list did not
    decisions = [grant(paid), grant(unknown)]
    for day in (date(2026, 7, 1), date(2027, 1, 1)):
        keep_clocks(day)
    assert [state_of(one) for one in decisions] == [ReliefState.ENDED] * 2
    user, half = create_user(Role.SPECIALIST, branch=branch), Decimal(9_000)
    plan_instalments(decisions[1], [(LAST + 1, half), (LAST + 2, half)], user)
    transition(RELIEF_TERM, decisions[1], "resume", user, answers={"agreed_on": date(2027, 1, 4)})
    for employer in (paid, unknown):
        employer.statement_period, employer.paid_through = LAST + 1, LAST + -1
    signals.statement_recorded.send("test", period=LAST + 1, employer_ids=[paid.id, unknown.id])
    assert [state_of(one) for one in decisions] == [ReliefState.ENDED, ReliefState.RESUMED]
    paid.paid_through = unknown.paid_through = LAST
    signals.statement_recorded.send("test", period=LAST + 1, employer_ids=[paid.id, unknown.id])
    assert [state_of(one) for one in decisions] == [ReliefState.MADE_UP] * 2
    open_ones = select(Task).where(Task.state == TaskState.OPEN)
    assert [task.kind for task in db.session.scalars(open_ones) if task.source_type == "relief"] == []
    paid.paid_through = LAST + -1  # the month is corrected
    signals.statement_recorded.send("test", period=LAST + 1, employer_ids=[paid.id])
    assert state_of(decisions[0]) is ReliefState.ENDED


def test_a_reduced_rate_is_restored_by_the_statement(branch: Branch) -> None:
    employer = employer_of(branch)
    decision = grant(
        employer, ReliefKind.RATE_CUT, employer_rate=Decimal("0.05"), employee_rate=Decimal("0.05")
    )
    keep_clocks(date(2026, 7, 1))
    assert (employer.stage, decision.monthly_amount) == (Stage.CONTRIBUTING, Decimal(7000))
    keep_clocks(date(2027, 1, 4))
    assert decision.state is ReliefState.RESTORED  # the latest statement shows twelve per cent


def test_a_rate_restored_by_a_statement_goes_on_when_that_statement_is_taken_back(branch: Branch) -> None:
    employer = employer_of(branch)
    employer.statement_period = LAST + 1
    low = Decimal("0.05")
    decision = grant(employer, ReliefKind.RATE_CUT, employer_rate=low, employee_rate=low)
    keep_clocks(date(2026, 7, 1))
    keep_clocks(date(2027, 1, 4))
    assert state_of(decision) is ReliefState.RESTORED
    employer.employer_rate, employer.statement_period = low, LAST + 4
    signals.statement_recorded.send(None, employer_ids=[employer.id])
    assert state_of(decision) is ReliefState.RESTORED  # by now it may be a rate of the employer's own choice
    employer.statement_period = LAST
    signals.statement_withdrawn.send(None, employer_ids=[employer.id])
    assert state_of(decision) is ReliefState.ENDED
    employer.employer_rate, employer.statement_period = Decimal("0.12"), LAST + 1
    signals.statement_recorded.send(None, employer_ids=[employer.id])
    assert state_of(decision) is ReliefState.RESTORED


def test_what_was_approved_is_withdrawn_before_it_begins_and_never_after(branch: Branch) -> None:
    employer = employer_of(branch)
    manager = create_user(Role.MANAGER, branch=branch)
    coming = Period.of(today()) + 1
    running = grant(employer, from_month=coming + -6, to_month=coming + -1, state=ReliefState.RUNNING)
    decision = grant(employer, from_month=coming, to_month=coming + 5, heads=10, monthly_amount=Decimal(5000))
    why = {"why": "单位书面放弃"}
    with pytest.raises(Forbidden):
        transition(
            RELIEF_TERM, decision, "withdraw", create_user(Role.SPECIALIST, branch=branch), answers=why
        )
    transition(RELIEF_TERM, decision, "withdraw", manager, answers=why)
    assert (state_of(decision), decision.months) == (ReliefState.WITHDRAWN, 0)
    ((_span, (deferred, _cut)),) = figures([Span("", coming, coming + 5)], manager)
    assert deferred.decisions == 0
    keep_clocks(coming.first_day)
    assert (state_of(decision), state_of(running)) == (ReliefState.WITHDRAWN, ReliefState.ENDED)
    begun = grant(employer, from_month=coming + -1, to_month=coming + 5, kind=ReliefKind.RATE_CUT)
    with pytest.raises(DomainError) as refusal:
        transition(RELIEF_TERM, begun, "withdraw", manager, answers=why)
    assert len(refusal.value.reasons) == 1


def test_the_register_adds_up_and_every_number_leads_to_its_rows(client: FlaskClient, branch: Branch) -> None:
    head = create_user(Role.MANAGER, branch=branch)
    known: dict[str, Any] = {"heads": 10, "monthly_amount": Decimal(1000)}
    mine, other = employer_of(branch), employer_of(branch, 2)
    grant(mine, from_month=Period(2022, 1), to_month=Period(2022, 12), **known)
    grant(mine, from_month=Period(2023, 1), to_month=Period(2023, 6), heads=12, monthly_amount=Decimal(2000))
    grant(other, from_month=Period(2023, 3), to_month=Period(2023, 12), **known)
    grant(create_employer(create_branch()), from_month=Period(2023, 1), to_month=Period(2023, 3), **known)
    spans = [Span("all", None, Period(2023, 9)), Span("year", Period(2023, 1), Period(2023, 9))]
    (_all, (deferred, cut)), (_year, (this_year, _cut)) = figures(spans, head)
    assert (deferred.employers, deferred.heads, deferred.amount) == (2, 22, Decimal(12_000 + 12_000 + 7_000))
    assert (this_year.employers, this_year.heads, this_year.amount) == (2, 22, Decimal(19_000))
    assert (cut.employers, cut.amount) == (0, Decimal(0))
    sign_in(client, head)
    page = client.get("/relief/figures?last=2023-09").text
    assert "3.10" in page
    links = re.findall(r'<a href="(/relief[?][^"]+)">(\d+)</a>', page)
    assert [int(number) for _address, number in links] == [3, 0, 2, 0, 1, 0]
    for address, number in links:
        rows = re.findall(r'href="/relief/\d+"', client.get(address.replace("&amp;", "&")).text)
        assert len(rows) == int(number), address
    of_mine = select(ReliefDecision).where(ReliefDecision.employer_id == mine.id).order_by(ReliefDecision.id)
    decision = db.session.scalars(of_mine).first()
    assert decision is not None
    decision.state = ReliefState.ENDED
    for address in ("", "/plan", "/notice"):
        assert client.get(f"/relief/{decision.id}{address}").status_code == 200
    lines = {
        "rows-0-month": "2023-01",
        "rows-0-amount": "6000",
        "rows-1-month": "2023-02",
        "rows-1-amount": "6000",
    }
    for amount in ("6000.001", "Infinity", "1e30"):
        wrong = lines | {"rows-1-amount": amount}
        assert client.post(f"/relief/{decision.id}/plan", data=wrong).status_code == 422
    assert client.post(f"/relief/{decision.id}/plan", data=lines).status_code == 302
    assert "6,000.00" in client.get(f"/relief/{decision.id}").text
    # a plan that was given up stays on the page beside the one that follows it
    first, second = decision.plans[0], {**lines, "rows-1-month": "2023-04"}
    first.agreed_on, first.given_up_on = date(2023, 1, 10), date(2023, 3, 5)
    db.session.commit()
    assert client.post(f"/relief/{decision.id}/plan", data=second).status_code == 302
    page = client.get(f"/relief/{decision.id}").text
    assert [one.given_up_on for one in decision.plans] == [date(2023, 3, 5), None]
    assert page.count("6,000.00") == 4 and "已终止的补缴计划" in page
