"""Closing an account: event, terms, papers, employees' accounts, and firms that are gone but have one."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.accounts.models import User
from app.core.clock import today
from app.core.db import db
from app.core.errors import Conflict, DomainError, Forbidden
from app.core.periods import Period
from app.core.permissions import Role
from app.core.workflow.engine import transition
from app.core.workflow.sets import SetMove, note_restored, transition_many
from app.employers.models import Stage
from app.lifecycle.closing import queries, services
from app.lifecycle.closing.helping.services import help_to_close
from app.lifecycle.closing.models import Closing, ClosingState, Placement, PlacementKind, Sealing
from app.lifecycle.closing.placing import services as placing
from app.lifecycle.closing.placing.services import Going
from app.lifecycle.closing.policy import Clock, papers_for
from app.lifecycle.closing.services import Event
from app.lifecycle.closing.workflow import CLOSING, SEALING
from app.lifecycle.onboarding import queries as openings
from app.lifecycle.onboarding.models import Opening
from app.lifecycle.onboarding.services import beginning, checking
from app.lifecycle.onboarding.workflow import OPENING
from app.lifecycle.onboarding.workflow import PAPERS as OPENING_PAPERS
from app.lifecycle.papers.models import CheckResult
from app.lifecycle.papers.policy import Finding
from app.lifecycle.workflow import LIFECYCLE
from app.relief.models import ReliefDecision, ReliefKind, ReliefState
from app.tasks.models import Task, TaskState
from tests.factories import create_branch, create_contact, create_employer, create_user, seed_codes, sign_in

IN_ORDER = Finding(CheckResult.COMPLETE)
LATELY = today() - timedelta(days=3)
TODAY = {"account_closed_on": today()}


@pytest.fixture
def chen(app: Flask) -> User:
    seed_codes()
    return create_user(Role.SPECIALIST, branch=create_branch(), name="陈静")


@pytest.fixture
def closing(chen: User) -> Closing:
    """Begun by Chen for an employer of five people."""
    employer = create_employer(
        chen.branch, stage=Stage.CONTRIBUTING, heads=4, sealed_heads=1, owner_id=chen.id,
        uscc="91000000000020016R",
    )  # fmt: skip
    create_contact(employer, mobile="13800138000")
    transition(LIFECYCLE, employer, "begin_closing", chen, answers={"account_closing_reason": "02"})
    return db.session.scalars(select(Closing)).one()


def registered(closing: Closing, actor: User, on: date = LATELY) -> None:
    services.note_event(closing, Event("02", on, "01", "准予注销〔2026〕8号", closing.people), actor)
    services.check_papers(closing, dict.fromkeys(papers_for("02"), IN_ORDER), actor)
    transition(CLOSING, closing, "register", actor, answers={"registered_on": on})


def going(heads: int, on: date = LATELY, proof: str = "转移清册1号") -> Going:
    return Going(PlacementKind.TRANSFERRED, heads, on, "滨河集团有限公司", proof)


def reasons(refused: pytest.ExceptionInfo[DomainError]) -> str:
    return " ".join(map(str, refused.value.reasons)) or str(refused.value)


def test_an_account_is_closed_when_nothing_is_left_on_it_and_reopened_with_a_reason(
    closing: Closing, chen: User
) -> None:
    employer = closing.employer
    employer.arrears_months, employer.account_balance = 1, Decimal("12.50")
    decision = ReliefDecision(
        employer=employer, kind=ReliefKind.DEFERMENT, from_month=Period(2026, 1), to_month=Period(2026, 6),
        state=ReliefState.OVERDUE,
    )  # fmt: skip
    db.session.add(decision)
    with pytest.raises(DomainError) as refusal:
        transition(LIFECYCLE, employer, "close", chen, answers=TODAY)
    assert len(refusal.value.reasons) == 5  # arrears, balance, deferred, not registered, employees
    registered(closing, chen)
    placing.place(employer, going(5), chen)
    employer.arrears_months, employer.heads = 0, 0
    employer.account_balance, decision.state = Decimal(0), ReliefState.MADE_UP
    transition(LIFECYCLE, employer, "close", chen, answers=TODAY)
    assert (closing.state, employer.account_closed_on) == (ClosingState.COMPLETED, TODAY["account_closed_on"])


def test_an_account_is_reopened_on_papers_of_its_own_that_somebody_else_approved(chen: User) -> None:
    closed = today() - timedelta(days=30)
    employer = create_employer(
        chen.branch, stage=Stage.CLOSED, owner_id=chen.id, uscc="91000000000020016R",
        account_opened_on=closed - timedelta(days=900), account_closed_on=closed,
        employee_accounts_on=closed - timedelta(days=890), account_closing_reason="02",
    )  # fmt: skip
    create_contact(employer, mobile="13800138000")
    served = Opening(employer_id=employer.id, begun_on=closed, begun_by_id=chen.id, state="approved")
    served.created_at = employer.stage_since - timedelta(days=900)
    db.session.add(served)
    db.session.flush()
    answers = {"account_opened_on": today(), "reason": "恢复经营"}
    employer.operating_status = "05"
    with pytest.raises(DomainError) as refused:
        transition(LIFECYCLE, employer, "reopen_account", chen, answers=answers)
    assert "请先开始办理开户" in reasons(refused) and "已吊销或注销" in reasons(refused)
    with pytest.raises(DomainError, match="已吊销或注销"):
        beginning.begin(employer, chen)
    employer.operating_status = "01"
    opening = beginning.begin(employer, chen)
    assert [one.step.name for one in openings.board(chen) if one.cards] == ["registration"]
    checking.check(opening, dict.fromkeys(OPENING_PAPERS.asked(), IN_ORDER), chen)
    transition(OPENING, opening, "accept", chen)
    with pytest.raises(DomainError) as refused:
        transition(LIFECYCLE, employer, "reopen_account", chen, answers=answers)
    assert "终审" in reasons(refused)
    transition(OPENING, opening, "approve", create_user(Role.BRANCH_HEAD, branch=chen.branch))
    early = {**answers, "account_opened_on": closed - timedelta(days=1)}
    with pytest.raises(DomainError) as refused:
        transition(LIFECYCLE, employer, "reopen_account", chen, answers=early)
    assert "不能早于销户日期" in reasons(refused)
    transition(LIFECYCLE, employer, "reopen_account", chen, answers=answers)
    assert (employer.stage, employer.account_opened_on) == (Stage.REGISTERED, today())
    assert (employer.account_closed_on, employer.employee_accounts_on) == (None, None)


def test_the_papers_asked_for_follow_the_reason_and_hold_the_registration(
    closing: Closing, chen: User
) -> None:
    assert closing.people == 5
    assert {"221", "222"} <= set(papers_for("02")) and "231" in papers_for("03")
    with pytest.raises(DomainError) as refused:
        transition(CLOSING, closing, "register", chen, answers={"registered_on": today()})
    assert "准予注销登记通知书" in reasons(refused) and "哪一天" in reasons(refused)
    with pytest.raises(DomainError) as refused:
        services.check_papers(closing, {"231": IN_ORDER}, chen)
    assert "破产" in reasons(refused)
    unclear = Finding(CheckResult.CORRECTABLE, "请重新盖章")
    services.check_papers(closing, {**dict.fromkeys(papers_for("02"), IN_ORDER), "221": unclear}, chen)
    services.note_event(closing, Event("02", LATELY, "01"), chen)
    with pytest.raises(DomainError) as refused:
        transition(CLOSING, closing, "register", chen, answers={"registered_on": today()})
    assert "准予注销登记通知书" in reasons(refused) and "申请书" not in reasons(refused)
    services.check_papers(closing, {"221": IN_ORDER}, chen)
    for day in (LATELY - timedelta(days=1), today() + timedelta(days=1)):
        with pytest.raises(DomainError) as refused:
            transition(CLOSING, closing, "register", chen, answers={"registered_on": day})
        assert LATELY.isoformat() in reasons(refused)
    registered(closing, chen)
    with pytest.raises(DomainError):
        services.check_papers(closing, {"101": unclear}, chen)
    with pytest.raises(DomainError) as refused:
        services.note_event(closing, Event("03", LATELY, "08"), chen)
    assert "退回" in reasons(refused)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Event("02", date(2999, 1, 1), "01"), "晚于今天"),
        (Event("02", LATELY, None), "来源"),
        (Event("77", None, None), "原因"),
        (Event("02", None, None, people=1), "至少"),
    ],
)
def test_an_event_that_cannot_be_is_refused_and_changes_nothing(
    closing: Closing, chen: User, event: Event, said: str
) -> None:
    placing.place(closing.employer, going(2), chen)
    with pytest.raises(DomainError) as refused:
        services.note_event(closing, event, chen)
    assert said in reasons(refused)
    assert (closing.reason, closing.event_on, closing.people) == ("02", None, 5)


def test_both_terms_of_the_law_run_one_after_the_other_and_the_task_follows(
    closing: Closing, chen: User
) -> None:
    services.note_event(closing, Event("02", LATELY, "01", people=5), chen)
    account = queries.account_of(closing.employer)
    assert account.to_register.due_on == LATELY + timedelta(days=30)
    assert account.to_place.due_on is None
    task = db.session.scalars(select(Task).where(Task.kind == "closing_help")).one()
    assert (task.owner_id, task.due_on >= LATELY + timedelta(days=30)) == (chen.id, True)
    registered(closing, chen)
    account = queries.account_of(closing.employer)
    assert account.to_register.days_left is None
    assert account.to_place.due_on == LATELY + timedelta(days=20)
    assert task.state is TaskState.DONE
    asked = select(Task).where(Task.source_type == "closing", Task.state == TaskState.OPEN)
    assert db.session.scalars(asked).one().due_on == LATELY + timedelta(days=20)
    placing.place(closing.employer, going(5, today()), chen)
    account = queries.account_of(closing.employer)
    assert (account.to_place.met_on, account.to_place.overdue) == (today(), False)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(-9000, 9000), st.integers(1, 180), st.none() | st.integers(-400, 400))
def test_a_term_is_overdue_exactly_from_the_day_after_its_last(back: int, days: int, met: int | None) -> None:
    since = today() - timedelta(days=back)
    due = since + timedelta(days=days)
    met_on = None if met is None else due + timedelta(days=met)
    one = Clock(since, due, met_on)
    assert one.overdue == ((met_on or today()) > due)
    assert (one.days_left is None) == (met is not None)
    if met is None:
        assert one.overdue == ((one.days_left or 0) < 0)


def test_employees_are_left_until_each_is_transferred_or_sealed_on_record(
    closing: Closing, chen: User
) -> None:
    employer = closing.employer
    registered(closing, chen)
    for wrong in (going(6), going(0), going(1, today() + timedelta(days=1)), going(1, proof=" ")):
        with pytest.raises(DomainError):
            placing.place(employer, wrong, chen)
    placing.place(employer, going(2), chen)
    sealing = placing.propose_sealing(employer, 3, "职工失联", chen)
    with pytest.raises(DomainError):  # those about to be sealed are spoken for
        placing.place(employer, going(1), chen)
    with pytest.raises(Forbidden):
        transition(SEALING, sealing, "approve", chen)
    account = queries.account_of(employer)
    assert (account.left, account.sealing, account.waiting) == (3, 3, 0)
    chief = create_user(Role.MANAGER, branch=chen.branch)
    transition(SEALING, sealing, "approve", chief)
    with pytest.raises(DomainError) as refused:
        transition(LIFECYCLE, employer, "close", chen, answers=TODAY)
    assert "集中封存" in reasons(refused)
    answers = {"sealed_on": today(), "proof": "集中封存清册3号"}
    transition(SEALING, sealing, "carry_out", chen, answers=answers)
    placed = db.session.scalars(select(Placement).where(Placement.kind == PlacementKind.SEALED)).one()
    assert (placed.heads, placed.proof, placed.closing_id) == (3, "集中封存清册3号", closing.id)
    with pytest.raises(DomainError):
        placing.remove_placement(placed, chen)
    employer.statement_period = Period.of(today()) + 1
    with pytest.raises(DomainError) as refused:  # the statement after it still shows four
        transition(LIFECYCLE, employer, "close", chen, answers=TODAY)
    assert "仍有4人" in reasons(refused)
    employer.heads = 0
    transition(LIFECYCLE, employer, "close", chen, answers=TODAY)


def test_nobody_approves_the_sealing_that_he_proposed(closing: Closing, chen: User) -> None:
    chief = create_user(Role.MANAGER, branch=chen.branch)
    sealing = placing.propose_sealing(closing.employer, 1, "职工失联", chief)
    with pytest.raises(DomainError) as refused:
        transition(SEALING, sealing, "approve", chief)
    assert "他人" in reasons(refused)
    transition(SEALING, sealing, "withdraw", chen, answers={"reason": "有单位接收"})
    assert queries.account_of(closing.employer).sealing == 0


def test_an_account_is_sealed_once_those_of_the_statement_are_placed(chen: User) -> None:
    employer = create_employer(chen.branch, stage=Stage.CONTRIBUTING, heads=2, owner_id=chen.id)
    employer.statement_period = Period.of(today()) + -2
    with pytest.raises(DomainError):
        transition(LIFECYCLE, employer, "seal", chen, answers={"reason": "停业"})
    placing.place(employer, going(1), chen)
    mistaken = placing.place(employer, going(1), chen)
    placing.remove_placement(mistaken, chen)
    assert queries.account_of(employer).left == 1
    placing.place(employer, going(1), chen)
    transition(LIFECYCLE, employer, "seal", chen, answers={"reason": "停业"})
    assert employer.stage is Stage.SEALED


def test_a_closing_given_up_is_withdrawn_and_a_statement_ends_or_reopens_the_file(
    closing: Closing, chen: User
) -> None:
    employer = closing.employer
    with pytest.raises(Conflict):
        services.begin_file(employer, chen)
    transition(LIFECYCLE, employer, "stop_closing", chen, answers={"reason": "恢复经营"})
    assert (employer.stage, closing.state) == (Stage.CONTRIBUTING, ClosingState.WITHDRAWN)
    employer.stage, employer.arrears_months = Stage.IN_ARREARS, 2
    transition(LIFECYCLE, employer, "begin_closing", chen, answers={"account_closing_reason": "03"})
    transition(LIFECYCLE, employer, "stop_closing", chen, answers={"reason": "恢复经营"})
    assert employer.stage is Stage.IN_ARREARS  # nobody clears arrears by hand
    employer.stage = Stage.REGISTERED
    employer.arrears_months = 0
    transition(LIFECYCLE, employer, "begin_closing", chen, answers={"account_closing_reason": "03"})
    transition(LIFECYCLE, employer, "stop_closing", chen, answers={"reason": "恢复经营"})
    assert employer.stage is Stage.REGISTERED
    transition(LIFECYCLE, employer, "begin_closing", chen, answers={"account_closing_reason": "03"})
    second = queries.latest_of(employer.id)
    assert second is not None and second.id != closing.id
    transition_many(LIFECYCLE, "statement_closed", [SetMove(employer.id, employer.id, "closing")])
    assert second.state.value == "completed"
    note_restored(LIFECYCLE, [(SetMove(employer.id, employer.id, "closed"), "closing")])
    assert second.state.value == "preparing"


def test_firms_that_are_gone_are_helped_once_until_their_account_is_closed(app: Flask) -> None:
    owner = create_user(Role.SPECIALIST)
    fields: dict[str, Any] = {"branch": owner.branch, "owner_id": owner.id}
    gone = create_employer(stage=Stage.SEALED, operating_status="05", operating_status_as_of=LATELY, **fields)
    create_employer(stage=Stage.CLOSED, operating_status="05", **fields)
    create_employer(stage=Stage.PROSPECT, operating_status="04", **fields)
    create_employer(stage=Stage.CONTRIBUTING, operating_status="01", **fields)
    help_to_close()
    help_to_close()
    task = db.session.scalars(select(Task).where(Task.kind == "closing_help")).one()
    assert (task.employer_id, task.owner_id, task.state) == (gone.id, owner.id, TaskState.OPEN)
    assert task.due_on >= LATELY + timedelta(days=30)
    gone.stage = Stage.CLOSED
    help_to_close()
    db.session.refresh(task)
    assert task.state is TaskState.DONE


def test_the_worklist_shows_who_is_gone_with_the_clock_and_what_is_missing_and_begins_many(
    client: FlaskClient, closing: Closing, chen: User
) -> None:
    fields: dict[str, Any] = {"stage": Stage.CONTRIBUTING, "owner_id": chen.id, "heads": 3}
    long_ago = today() - timedelta(days=41)
    late = create_employer(
        chen.branch, name="早已吊销有限公司", operating_status="04", operating_status_as_of=long_ago, **fields
    )
    create_employer(chen.branch, name="照常经营有限公司", operating_status="01", **fields)
    create_employer(create_branch(), name="别处注销有限公司", operating_status="05", stage=Stage.SEALED)
    db.session.commit()
    sign_in(client, chen)
    page = client.get("/closing").get_data(as_text=True)
    assert "早已吊销有限公司" in page and "已逾期11天" in page and "3名职工待转移或封存" in page
    assert "照常经营" not in page and "别处注销" not in page
    overdue = client.get("/closing?overdue.yes=1").get_data(as_text=True)
    assert "早已吊销有限公司" in overdue and closing.employer.name not in overdue
    form = {"do": "bulk:begin_closing", "ids": late.id, "reason": "01", "confirmed": "1", "expected": "1"}
    client.post("/closing", data=form)
    db.session.expire_all()
    assert (late.stage, queries.account_of(late).to_register.since) == (Stage.CLOSING, long_ago)
    for path in (f"/closing/{closing.id}", f"/closing/{closing.id}/notice", f"/closing/{closing.id}/event"):
        assert client.get(path).status_code == 200
    people = f"/closing/people/{closing.employer_id}"
    entry = {"kind": "transferred", "heads": 2, "on": LATELY.isoformat(), "destination": "甲", "proof": "乙"}
    assert client.post(f"{people}/place", data=entry).status_code == 303
    assert f'href="{people}"' in client.get(f"/employers/{closing.employer_id}").get_data(as_text=True)
    assert client.post(f"{people}/place", data={**entry, "heads": "x"}).status_code == 422
    assert client.post(f"{people}/seal", data={"heads": 1, "grounds": "失联"}).status_code == 303
    assert "转移清册" not in client.get(people).get_data(as_text=True)
    assert db.session.scalars(select(Sealing)).one().heads == 1


def test_another_branch_and_the_bank_do_not_see_closings(client: FlaskClient, closing: Closing) -> None:
    db.session.commit()
    stranger = create_user(Role.SPECIALIST, branch=create_branch())
    bank = create_user(Role.BANK_PARTNER, branch=create_branch())
    db.session.commit()
    sign_in(client, stranger)
    assert client.get(f"/closing/{closing.id}").status_code == 404
    assert client.get(f"/closing/people/{closing.employer_id}").status_code == 404
    sign_in(client, bank)
    assert client.get("/closing").status_code == 403
