"""An application on its way to the register, and everybody who may not take a step."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import Branch, User
from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError, Forbidden
from app.core.periods import Period
from app.core.permissions import Role
from app.core.timeline import TimelineEntry
from app.core.workflow.engine import transition
from app.employers.models import Employer, Stage
from app.relief.applications.models import ApplicationState, ReliefApplication, Request
from app.relief.applications.services import Draft, correct
from app.relief.applications.workflow import APPLICATION
from app.relief.models import ReliefDecision, ReliefKind, ReliefState
from app.relief.workflow import RELIEF_TERM
from app.tasks.models import Task, TaskState
from tests.factories import create_application, create_branch, create_employer, create_user, sign_in

PAID = Period(2026, 8)


@pytest.fixture
def branch(app: Flask) -> Branch:
    return create_branch()


@pytest.fixture
def harbour(branch: Branch) -> Employer:
    return create_employer(
        branch, name="滨海港务有限公司", employer_account_no="030100000001", paid_through=PAID, heads=10,
        stage=Stage.CONTRIBUTING, employer_rate=Decimal("0.12"), employee_rate=Decimal("0.12"),
        monthly_amount=Decimal(12_000),
    )  # fmt: skip


@pytest.fixture
def maker(branch: Branch) -> User:
    return create_user(Role.SPECIALIST, branch=branch)


def decided(number: str = "津公积金缓〔2026〕7号") -> dict[str, Any]:
    return {"decided_on": today(), "document_no": number, "authority": "authorised"}


def approve(application: ReliefApplication, branch: Branch, maker: User) -> None:
    reviewer, head = create_user(Role.MANAGER, branch=branch), create_user(Role.BRANCH_HEAD, branch=branch)
    transition(APPLICATION, application, "submit", maker)
    transition(APPLICATION, application, "review", reviewer, answers={"reviewed_on": today()})
    transition(APPLICATION, application, "approve", head, answers=decided())


def test_an_application_for_both_ends_in_two_decisions_of_the_register(
    branch: Branch, harbour: Employer, maker: User
) -> None:
    low = Decimal("0.05")
    application = create_application(
        harbour, maker, request=Request.BOTH, employer_rate=low, employee_rate=low
    )
    assert (application.deferred, application.employer_saves) == (Decimal(30_000), Decimal(21_000))
    approve(application, branch, maker)
    deferred, cut = db.session.scalars(select(ReliefDecision).order_by(ReliefDecision.kind)).all()
    assert (deferred.kind, deferred.from_month, deferred.to_month) == (
        ReliefKind.DEFERMENT,
        PAID + 1,
        PAID + 6,
    )
    assert (deferred.monthly_amount, deferred.amount, deferred.heads) == (Decimal(5000), Decimal(30_000), 10)
    assert (cut.employer_rate, cut.document_no, cut.amount) == (low, "津公积金缓〔2026〕7号", Decimal(42_000))
    assert application.decided_by_id != application.reviewed_by_id != application.made_by_id
    assert harbour.stage is Stage.CONTRIBUTING  # it has not begun
    tasks = db.session.scalars(select(Task).where(Task.source_type == "relief_application")).all()
    assert [task.state for task in tasks] == [TaskState.DONE] * 2
    renewal = create_application(harbour, maker, from_month=PAID + 7, to_month=PAID + 18)
    transition(APPLICATION, renewal, "submit", maker)


WRONG: dict[str, tuple[dict[str, Any], int]] = {
    "thirteen months": ({"to_month": PAID + 13}, 1),
    "a gap": ({"from_month": PAID + 2}, 1),
    "a rate of four per cent": (
        {"request": Request.RATE_CUT, "employer_rate": Decimal("0.04"), "employee_rate": Decimal("0.05")}, 1,
    ),
    "a rate that does not fall": (
        {"request": Request.RATE_CUT, "employer_rate": Decimal("0.12"), "employee_rate": Decimal("0.12")}, 1,
    ),
    "no papers": ({"documents": []}, 5),
    "no vote": ({"vote_body": None}, 1),
    "too few at the vote": ({"attended": 19, "votes_for": 16, "votes_against": 3}, 1),
    "half of all votes": ({"votes_for": 15, "votes_against": 5}, 1),
    # far ahead: the day may change between the reading of this line and the test
    "an announcement that goes on": ({"announced_to": today() + timedelta(days=9)}, 1),
    "everything at once": (
        {"to_month": PAID + 13, "documents": [], "votes_for": 0, "announced_from": None}, 8,
    ),
}  # fmt: skip


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("what", WRONG)
def test_a_draft_with_gaps_is_not_submitted_and_says_every_reason(
    harbour: Employer, maker: User, what: str
) -> None:
    fields, reasons = WRONG[what]
    application = create_application(harbour, maker, **fields)
    with pytest.raises(DomainError) as refusal:
        transition(APPLICATION, application, "submit", maker)
    assert len(refusal.value.reasons) == reasons
    assert application.state is ApplicationState.DRAFT


@pytest.mark.databases("sqlite")
def test_who_began_to_close_its_account_meanwhile_gets_no_relief(
    branch: Branch, harbour: Employer, maker: User
) -> None:
    application = create_application(harbour, maker)
    harbour.stage = Stage.CLOSING
    with pytest.raises(DomainError) as refusal:
        approve(application, branch, maker)
    assert ["销户" in str(reason) for reason in refusal.value.reasons] == [True]
    harbour.stage = Stage.CONTRIBUTING
    approve(application, branch, maker)
    assert application.state is ApplicationState.APPROVED


def test_months_that_were_withdrawn_may_be_approved_again(
    branch: Branch, harbour: Employer, maker: User
) -> None:
    harbour.paid_through = Period.of(today())
    approve(create_application(harbour, maker), branch, maker)
    decision = db.session.scalars(select(ReliefDecision)).one()
    manager = create_user(Role.MANAGER, branch=branch)
    transition(RELIEF_TERM, decision, "withdraw", manager, answers={"why": "单位书面放弃"})
    again = create_application(harbour, maker, heads=8)
    approve(again, branch, maker)
    assert db.session.scalars(select(ReliefDecision)).one() is decision
    assert (decision.state, decision.months, decision.heads) == (ReliefState.APPROVED, 6, 8)
    assert decision.application_id == again.id


def test_nobody_reviews_or_decides_what_is_his_own(branch: Branch, harbour: Employer) -> None:
    head, manager = create_user(Role.BRANCH_HEAD, branch=branch), create_user(Role.MANAGER, branch=branch)
    specialist = create_user(Role.SPECIALIST, branch=branch)
    application = create_application(harbour, head)
    transition(APPLICATION, application, "submit", head)
    reviewed = {"reviewed_on": today()}
    with pytest.raises(DomainError):
        transition(APPLICATION, application, "review", head, answers=reviewed)
    with pytest.raises(Forbidden):
        transition(APPLICATION, application, "review", specialist, answers=reviewed)
    transition(APPLICATION, application, "review", manager, answers=reviewed)
    for own in (head, manager):
        with pytest.raises(DomainError):
            transition(APPLICATION, application, "approve", own, answers=decided())
    other = create_application(harbour, specialist)
    with pytest.raises(DomainError):  # one application at a time
        transition(APPLICATION, other, "submit", specialist)
    with pytest.raises(DomainError):
        correct(application, Draft({"heads": 1}), specialist)
    assert application.state is ApplicationState.REVIEWED


@pytest.mark.parametrize("resubmits", ["who corrected", "the maker"])
def test_who_corrects_what_was_returned_does_not_review_it_whoever_submits(
    branch: Branch, harbour: Employer, maker: User, resubmits: str
) -> None:
    first, second = (create_user(Role.MANAGER, branch=branch) for _ in range(2))
    application = create_application(harbour, maker)
    transition(APPLICATION, application, "submit", maker)
    transition(APPLICATION, application, "return", first, answers={"why": "人数不符"})
    correct(application, Draft({"heads": 9}), first)
    story = select(TimelineEntry.actor_id).order_by(TimelineEntry.id.desc()).limit(1)
    assert db.session.scalar(story) == first.id
    transition(APPLICATION, application, "submit", first if resubmits == "who corrected" else maker)
    with pytest.raises(DomainError):
        transition(APPLICATION, application, "review", first, answers={"reviewed_on": today()})
    transition(APPLICATION, application, "review", second, answers={"reviewed_on": today()})


def test_the_form_makes_a_draft_and_its_page_says_what_blocks_it(
    client: FlaskClient, branch: Branch, harbour: Employer, maker: User
) -> None:
    sign_in(client, maker)
    answers = {
        "request": "deferment", "from_month": "2026-09", "to_month": "2027-02", "heads": "10",
        "base": "5000",
    }  # fmt: skip
    assert "72,000.00" in client.get(f"/relief/applications/estimate/{harbour.id}", query_string=answers).text
    wrong = client.post(f"/relief/applications/new?employer_id={harbour.id}", data={**answers, "heads": "0"})
    assert wrong.status_code == 422
    made = client.post(f"/relief/applications/new?employer_id={harbour.id}", data=answers)
    early = client.get(f"/relief/applications/new?employer_id={harbour.id}&after=299912")
    assert early.status_code == 200
    assert made.status_code == 302
    page = client.get(made.location).text
    assert "72,000.00" in page
    assert "尚未登记表决情况" in page
    assert "缓缴降比申请" in client.get(f"/employers/{harbour.id}/panels/wide").text
    assert client.get(made.location + "/edit").status_code == 200
    assert "滨海港务" in client.get("/relief/applications").text
    sign_in(client, create_user(Role.MANAGER, branch=create_branch()))
    assert client.get(made.location).status_code == 404


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "wrong",
    [
        {"request": "x"}, {"base": "1e30"}, {"base": "Infinity"}, {"base": "5000.001"},
        {"employer_rate": "5.005"}, {"employer_rate": "sNaN"}, {"from_month": "299912"},
    ],
)  # fmt: skip
def test_a_wrong_answer_is_neither_estimated_nor_kept(
    client: FlaskClient, harbour: Employer, maker: User, wrong: dict[str, str]
) -> None:
    sign_in(client, maker)
    answers = {"request": "both", "from_month": "2026-09", "to_month": "2027-02", "heads": "10",
               "base": "5000", "employer_rate": "5.25", "employee_rate": "5"}  # fmt: skip
    address = f"/relief/applications/estimate/{harbour.id}"
    asked = "填写月份、人数和基数后显示"
    estimates = [client.get(address, query_string=given) for given in (answers, answers | wrong)]
    assert [(one.status_code, asked in one.text) for one in estimates] == [(200, False), (200, True)]
    refused = client.post(f"/relief/applications/new?employer_id={harbour.id}", data=answers | wrong)
    assert refused.status_code == 422
    assert db.session.scalars(select(ReliefApplication)).all() == []
