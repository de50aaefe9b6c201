"""Taking an employer on: papers, deferred papers, approval by somebody else, milestones, signing, delays."""

from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.accounts.models import Branch, User
from app.core.clock import now, today
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.permissions import Role
from app.core.rules.workdays import on_or_after
from app.core.workflow.engine import available, transition
from app.employers.lists import EMPLOYERS
from app.employers.models import Employer, Stage
from app.lifecycle.onboarding import queries
from app.lifecycle.onboarding.models import Opening, OpeningState, SigningKind
from app.lifecycle.onboarding.policy import STEPS, place_of
from app.lifecycle.onboarding.services import beginning, checking, reaching, reminding, signing_up, watching
from app.lifecycle.onboarding.workflow import OPENING, PAPERS
from app.lifecycle.papers.models import CheckResult
from app.lifecycle.papers.policy import Finding
from app.lifecycle.workflow import LIFECYCLE
from app.tasks.models import Task, TaskState
from tests.factories import create_branch, create_contact, create_employer, create_user, seed_codes, sign_in

IN_ORDER, MISSING = Finding(CheckResult.COMPLETE), Finding(CheckResult.MISSING)


@pytest.fixture
def branch(app: Flask) -> Branch:
    seed_codes()
    return create_branch()


@pytest.fixture
def chen(branch: Branch) -> User:
    return create_user(Role.SPECIALIST, branch=branch, name="陈静")


@pytest.fixture
def wu(branch: Branch) -> User:
    return create_user(Role.BRANCH_HEAD, branch=branch, name="吴建国")


@pytest.fixture
def opening(branch: Branch, chen: User) -> Opening:
    return beginning.begin(engaged(branch, chen), chen)


def engaged(branch: Branch, owner: User, **fields: object) -> Employer:
    employer = create_employer(
        branch, stage=Stage.ENGAGED, owner_id=owner.id, uscc="91000000000000012A", **fields
    )
    create_contact(employer, mobile="13800138000")
    db.session.refresh(employer)
    return employer


def all_but(*missing: str, due_on: date | None = None) -> dict[str, Finding]:
    late = Finding(CheckResult.MISSING, due_on=due_on)
    return {code: late if code in missing else IN_ORDER for code in PAPERS.asked()}


def reasons(refused: pytest.ExceptionInfo[DomainError]) -> str:
    return " ".join(map(str, refused.value.reasons))


def open_tasks(kind: str) -> list[Task]:
    return list(db.session.scalars(select(Task).where(Task.kind == kind, Task.state == TaskState.OPEN)))


def test_an_opening_with_all_papers_is_accepted_and_approved_by_somebody_else(
    opening: Opening, chen: User, wu: User
) -> None:
    with pytest.raises(DomainError) as refused:
        transition(OPENING, opening, "accept", chen)
    assert "统一社会信用代码证照" in reasons(refused)
    checking.check(opening, all_but(), chen)
    transition(OPENING, opening, "accept", chen)
    chief = create_user(Role.MANAGER, branch=chen.branch)
    opening.accepted_by_id = chief.id
    with pytest.raises(DomainError) as refused:
        transition(OPENING, opening, "approve", chief)
    assert "他人" in reasons(refused)
    transition(OPENING, opening, "approve", wu)
    assert opening.state is OpeningState.APPROVED


def test_the_account_is_not_registered_before_the_papers_are_approved(
    opening: Opening, chen: User, wu: User
) -> None:
    employer = db.session.get_one(Employer, opening.employer_id)
    answers = {"account_opened_on": today()}
    with pytest.raises(DomainError) as refused:
        transition(LIFECYCLE, employer, "register", chen, answers=answers)
    assert "终审" in reasons(refused)
    checking.check(opening, all_but(), chen)
    transition(OPENING, opening, "accept", chen)
    transition(OPENING, opening, "approve", wu)
    assert [card.employer.id for card in queries.board(chen)[0].cards] == [
        employer.id
    ]  # still to be recorded
    assert [task.owner_id for task in open_tasks("record_opening")] == [chen.id]
    with pytest.raises(Conflict):
        beginning.begin(employer, chen)
    transition(LIFECYCLE, employer, "register", chen, answers=answers)
    assert employer.stage is Stage.REGISTERED
    assert open_tasks("record_opening") == []


def test_papers_that_may_follow_become_tasks_and_hold_the_approval_until_they_are_there(
    opening: Opening, chen: User, wu: User
) -> None:
    day = today() + timedelta(days=5)
    checking.check(opening, all_but("201", "203", due_on=day), chen)
    assert open_tasks("deferred_paper") == []
    transition(OPENING, opening, "accept_deferred", chen)
    assert [(task.due_on, task.owner_id) for task in open_tasks("deferred_paper")] == [(day, chen.id)] * 2
    with pytest.raises(DomainError) as refused:
        transition(OPENING, opening, "approve", wu)
    assert "法定代表人身份证件复印件" in reasons(refused)
    checking.check(opening, {"201": IN_ORDER}, chen)
    assert len(open_tasks("deferred_paper")) == 1
    checking.check(opening, {"203": IN_ORDER}, chen)
    assert open_tasks("deferred_paper") == []
    transition(OPENING, opening, "approve", wu)


def test_an_account_is_not_registered_by_hand_without_any_opening(branch: Branch, chen: User) -> None:
    employer = engaged(branch, chen)
    with pytest.raises(DomainError) as refused:
        transition(LIFECYCLE, employer, "register", chen, answers={"account_opened_on": today()})
    assert "请先开始办理开户" in reasons(refused)
    assert employer.account_opened_on is None
    transition(LIFECYCLE, employer, "statement_registered", None)  # a statement proves it otherwise
    assert employer.stage is Stage.REGISTERED


def test_a_dismissed_lead_has_no_opening_left_to_work_at(opening: Opening, chen: User) -> None:
    employer = db.session.get_one(Employer, opening.employer_id)
    with pytest.raises(DomainError) as refused:
        employer.established_on, early = today(), {"account_opened_on": today() - timedelta(days=1)}
        transition(LIFECYCLE, employer, "register", chen, answers=early)
    assert "不能早于成立日期" in reasons(refused)
    transition(LIFECYCLE, employer, "dismiss", chen, answers={"reason": "no_employees"})
    assert opening.state is OpeningState.WITHDRAWN
    assert open_tasks("deadline") == []
    with pytest.raises(DomainError, match="已排除"):
        beginning.begin(employer, chen)


def test_the_owner_is_asked_once_to_remind_of_papers_before_their_day(opening: Opening, chen: User) -> None:
    soon, later = today() + timedelta(days=2), today() + timedelta(days=9)
    checking.check(
        opening, all_but("201", due_on=soon) | {"203": Finding(CheckResult.MISSING, due_on=later)}, chen
    )
    assert reminding.remind() == 0  # nothing was accepted yet
    transition(OPENING, opening, "accept_deferred", chen)
    assert reminding.remind() == 1
    assert reminding.remind() == 0
    (task,) = open_tasks("paper_reminder")
    assert (task.owner_id, task.due_on, task.params["papers"]) == (
        chen.id,
        min(on_or_after(today()), soon),
        "法定代表人身份证件复印件",
    )
    checking.check(opening, {"201": IN_ORDER}, chen)
    assert open_tasks("paper_reminder") == []
    assert reminding.remind() == 0  # the other has time


def test_a_prospect_whose_papers_are_prepared_is_engaged_by_it(branch: Branch, chen: User) -> None:
    prospect = create_employer(branch, stage=Stage.PROSPECT)
    beginning.begin(prospect, chen)
    assert (prospect.stage, prospect.owner) == (Stage.ENGAGED, chen)


def test_a_paper_in_order_has_nothing_to_correct_any_more(opening: Opening, chen: User) -> None:
    checking.check(opening, {"202": Finding(CheckResult.CORRECTABLE, "请补盖印鉴")}, chen)
    checking.check(opening, {"202": Finding(CheckResult.COMPLETE, "请补盖印鉴")}, chen)
    assert [(check.result, check.remedy) for check in opening.checks] == [(CheckResult.COMPLETE, "")]


def test_papers_that_must_be_there_may_not_follow_and_a_day_is_asked_for(
    opening: Opening, chen: User
) -> None:
    with pytest.raises(DomainError) as refused:
        checking.check(opening, {"101": Finding(CheckResult.MISSING, due_on=today())}, chen)
    assert "不可容缺" in reasons(refused)
    assert opening.checks == []
    checking.check(opening, all_but("101", "201"), chen)
    with pytest.raises(DomainError) as refused:
        transition(OPENING, opening, "accept_deferred", chen)
    assert len(refused.value.reasons) == 2  # one may not follow, the other has no day


@pytest.mark.parametrize(
    "finding",
    [
        Finding(CheckResult.CORRECTABLE),
        Finding(CheckResult.MISSING, due_on=date(2001, 1, 1)),
        Finding(CheckResult.MISSING, due_on=date(2999, 1, 1)),
    ],
    ids=["says nothing of how to correct", "due in the past", "due too late"],
)
def test_a_finding_that_helps_nobody_is_refused(opening: Opening, chen: User, finding: Finding) -> None:
    with pytest.raises(DomainError):
        checking.check(opening, {"201": finding, "202": IN_ORDER}, chen)
    assert opening.checks == []


def test_an_employer_has_one_opening_at_a_time(opening: Opening, chen: User) -> None:
    employer = db.session.get_one(Employer, opening.employer_id)
    with pytest.raises(Conflict):
        beginning.begin(employer, chen)
    transition(OPENING, opening, "withdraw", chen, answers={"reason": "暂缓"})
    employer.owner = None
    stranger = create_user(Role.MANAGER, branch=create_branch())
    with pytest.raises(DomainError):  # nobody would go all the way with it
        beginning.begin(employer, stranger)
    assert beginning.begin(employer, chen).id != opening.id and employer.owner is chen


DAYS_AGO = st.none() | st.integers(0, 300)


@given(st.tuples(DAYS_AGO, DAYS_AGO, DAYS_AGO))
def test_an_employer_stands_at_its_first_open_milestone(ago: tuple[int | None, ...]) -> None:
    days = [None if back is None else today() - timedelta(days=back) for back in ago]
    employer = Employer(stage_since=now() - timedelta(days=400))
    for step, day in zip(STEPS, days, strict=False):
        setattr(employer, step.column.key, day)
    place = place_of(employer, None, {step.name: 10 for step in STEPS})
    first_open = next(index for index, day in enumerate([*days, None]) if day is None)
    assert place is not None and place.step is STEPS[first_open]
    before = [day for day in days[:first_open] if day is not None]
    assert place.since == (max(before) if before else today() - timedelta(days=400))


def test_what_is_stuck_is_asked_after_once_and_settled_when_it_moves(branch: Branch, chen: User) -> None:
    opened = today() - timedelta(days=40)
    stuck = create_employer(branch, stage=Stage.REGISTERED, account_opened_on=opened, owner_id=chen.id)
    create_employer(branch, stage=Stage.REGISTERED, account_opened_on=today(), owner_id=chen.id)
    assert (watching.watch(), watching.watch()) == (1, 0)
    assert [task.employer_id for task in open_tasks("stuck")] == [stuck.id]
    reaching.record(stuck, today(), None, chen)
    watching.watch()
    assert open_tasks("stuck") == []


def test_the_board_shows_each_at_its_step_and_its_heading_leads_to_the_same_employers(
    client: FlaskClient, branch: Branch, chen: User
) -> None:
    month = today() - timedelta(days=30)
    waiting = create_employer(
        branch, stage=Stage.CONTRIBUTING, account_opened_on=month, heads=9, name="待签约"
    )
    create_employer(branch, stage=Stage.CONTRIBUTING, account_opened_on=date(2001, 1, 1), heads=9)
    create_employer(create_branch(), stage=Stage.REGISTERED, account_opened_on=month)
    board = {column.step.name: [card.employer.id for card in column.cards] for column in queries.board(chen)}
    assert board.pop("signing") == [waiting.id] and not any(board.values())
    rule = {"field": "onboarding_step", "op": "in", "value": ["signing"]}
    found = db.session.scalars(EMPLOYERS.filtered({"match": "all", "rules": [rule]}, chen)).all()
    assert [employer.id for employer in found] == [waiting.id]
    sign_in(client, chen)
    assert "待签约" in client.get("/onboarding").text


def test_signing_moves_the_employer_on_and_a_refusal_is_asked_about_later(branch: Branch, chen: User) -> None:
    employer = engaged(branch, chen)
    with pytest.raises(DomainError):
        signing_up.record(employer, SigningKind.SIGNED, today(), "01", "", chen)
    employer.stage, employer.account_opened_on = Stage.REGISTERED, today() - timedelta(days=9)
    signing_up.record(employer, SigningKind.REFUSED, today(), "04", "缺证书", chen)
    assert open_tasks("ask_signing")[0].due_on == on_or_after(today() + timedelta(days=30))
    answers = {"online_signed_on": today(), "signing_method": "04"}
    transition(LIFECYCLE, employer, "enrol", chen, answers=answers)  # the step of the stage fills the log too
    assert [event.kind for event in queries.signing_of(employer.id)] == [
        SigningKind.SIGNED,
        SigningKind.REFUSED,
    ]
    assert (employer.stage, employer.online_signed_on) == (Stage.ENROLLED, today())
    assert open_tasks("ask_signing") == []
    other = create_employer(branch, stage=Stage.REGISTERED, owner_id=chen.id, account_opened_on=today())
    create_contact(other, mobile="13800138001")
    db.session.refresh(other)
    assert signing_up.record(other, SigningKind.SIGNED, today(), "01", "现场签约", chen).note == "现场签约"
    assert other.stage is Stage.ENROLLED
    with pytest.raises(Conflict):
        signing_up.record(employer, SigningKind.SIGNED, today(), "04", "", chen)


@pytest.mark.parametrize("offset", [-10, 1], ids=["before the opening", "in the future"])
def test_a_milestone_out_of_its_time_is_refused(branch: Branch, chen: User, offset: int) -> None:
    employer = create_employer(branch, stage=Stage.REGISTERED, account_opened_on=today() - timedelta(days=5))
    with pytest.raises(DomainError):
        reaching.record(employer, today() + timedelta(days=offset), None, chen)
    assert employer.employee_accounts_on is None


def test_the_pages_of_an_opening_work_and_the_notice_names_everything(
    client: FlaskClient, opening: Opening, chen: User
) -> None:
    sign_in(client, chen)
    page = f"/onboarding/{opening.id}"
    form = {f"result_{code}": "complete" for code in PAPERS.asked()}
    form |= {"result_102": "correctable", "how_102": "请加盖公章", "result_201": "missing"}
    assert client.post(f"{page}/papers", data=form).status_code == 303
    assert client.post(f"{page}/papers", data={"result_101": "perhaps"}).status_code == 422
    notice = client.get(f"{page}/notice").text
    assert "请加盖公章" in notice and "缺少" in notice
    rest = client.get(f"{page}/outstanding").text
    assert "待补材料告知单" in rest and "请加盖公章" in rest and rest.count("<tr>") < notice.count("<tr>")
    assert client.post(f"{page}/bundle", data={"done_101": "y", "on_101": "2026-01-05"}).status_code == 303
    wrong = client.post(f"{page}/bundle", data={"done_101": "y", "on_101": "yesterday"})
    assert wrong.status_code == 422
    assert "yesterday" in wrong.text and "请加盖公章" in wrong.text  # the other form keeps what it holds
    shown = client.get(page).text
    assert "2026-01-05" in shown and "尚未齐全" in shown
    panel = client.get(f"/employers/{opening.employer_id}/panels/side", headers={"HX-Request": "true"}).text
    assert f'href="{page}"' in panel
    assert (
        client.post(f"/onboarding/signing/{opening.employer_id}", data={"kind": "signed"}).status_code == 422
    )


def test_whoever_may_not_approve_is_not_offered_it(opening: Opening, chen: User, wu: User) -> None:
    checking.check(opening, all_but(), chen)
    transition(OPENING, opening, "accept", chen)
    assert "approve" not in {option.transition.name for option in available(OPENING, opening, chen)}
    assert "approve" in {option.transition.name for option in available(OPENING, opening, wu)}


def test_only_papers_under_the_second_heading_may_follow(branch: Branch) -> None:
    assert {code for code in PAPERS.asked() if PAPERS.may_follow(code)} == {"201", "202", "203", "204"}
