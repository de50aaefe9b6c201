"""From service to enforcement: evidence before steps, a second person, time limits, and how it ends."""

import re
from datetime import date, timedelta
from html import unescape
from io import BytesIO

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from app.accounts.models import Branch, User
from app.contributions.arrears.models import ArrearsCase, CaseState
from app.contributions.arrears.workflow import ARREARS
from app.core.clock import now, today
from app.core.db import db
from app.core.errors import Conflict, DomainError, Forbidden
from app.core.escalating import Outcome
from app.core.options import set_value
from app.core.permissions import Role
from app.core.rules.legal import seed_legal_basis
from app.core.workflow.engine import transition
from app.employers.models import AccountStatus, Employer, Stage
from app.leads.ledger.models import Lead
from app.lifecycle.escalation import queries, services
from app.lifecycle.escalation.models import Escalation, EscalationState
from app.lifecycle.escalation.skipping.workflow import SKIP
from app.lifecycle.escalation.workflow import ESCALATION
from app.lifecycle.onboarding.policy import ACCOUNTS, objections_to_escalation
from app.lifecycle.policy import ACCOUNT_DAYS
from app.lifecycle.workflow import LIFECYCLE
from app.outreach.models import Outcome as Answer
from app.outreach.models import VisitKind
from app.tasks.models import Task, TaskState
from tests.factories import (
    create_branch,
    create_case,
    create_employer,
    create_user,
    create_visit,
    seed_codes,
    sign_in,
)

START = "2026-10-12 09:00+08:00"


def sheet(data: bytes) -> list[tuple[object, ...]]:
    return list(load_workbook(BytesIO(data)).worksheets[0].values)


class Office:
    """A branch with its people, and employers that are behind or do not register."""

    def __init__(self, branch: Branch) -> None:
        self.branch = branch
        self.specialist = create_user(Role.SPECIALIST, branch=branch, name="陈静")
        self.officer = create_user(Role.ENFORCEMENT_OFFICER, branch=branch, name="李强")
        self.manager = create_user(Role.MANAGER, branch=branch, name="周敏")
        self.head = create_user(Role.BRANCH_HEAD, branch=branch, name="吴建国")

    def behind(self, **case: object) -> Employer:
        employer = create_employer(
            self.branch, stage=Stage.IN_ARREARS, owner_id=self.specialist.id, arrears_months=3,
            account_status=AccountStatus.NORMAL,
        )  # fmt: skip
        create_case(employer, **{"reason": "42", "state": CaseState.CONTACTED, **case})
        return employer

    def unregistered(self) -> Employer:
        employer = create_employer(
            self.branch, stage=Stage.ENGAGED, owner_id=self.specialist.id,
            established_on=today() - timedelta(days=90),
        )  # fmt: skip
        query = select(Lead).where(Lead.employer_id == employer.id)
        db.session.scalars(query).one().contacted_on = today()
        db.session.flush()
        return employer

    def speak(self, employer: Employer, kind: VisitKind = VisitKind.VISIT) -> None:
        create_visit(employer, self.specialist, now(), kind=kind, outcome=Answer.REFUSED)

    def begin(self, employer: Employer) -> Escalation:
        return services.begin(employer, self.specialist, "多次联系，拒不缴存")

    def urged(self, employer: Employer) -> Escalation:
        """Contacted, visited and urged today."""
        one = self.begin(employer)
        self.speak(employer)
        take(one, "contact", self.specialist)
        take(one, "visit", self.specialist)
        take(one, "urge", self.specialist, letter_no="函1号", letter_on=today(), letter_kept="卷宗一")
        return one


@pytest.fixture
def office(app: Flask) -> Office:
    seed_codes()
    seed_legal_basis()
    return Office(create_branch())


def take(one: Escalation, step: str, actor: User, **answers: object) -> None:
    transition(ESCALATION, one, step, actor, answers=answers)


def refusal(one: Escalation, step: str, actor: User, **answers: object) -> str:
    with pytest.raises(DomainError) as refused:
        take(one, step, actor, **answers)
    return " ".join(map(str, refused.value.reasons))


def clock(one: Escalation) -> Task:
    query = select(Task).where(Task.source_type == "escalation", Task.source_id == one.id)
    return db.session.scalars(query.where(Task.state == TaskState.OPEN)).one()


def test_late_payment_goes_step_by_step_to_the_court_each_with_its_evidence(
    office: Office, client: FlaskClient
) -> None:
    with time_machine.travel(START, tick=False) as clock_of_day:
        employer = office.behind()
        one = office.begin(employer)
        assert clock(one).owner_id == office.specialist.id and clock(one).due_on == date(2026, 10, 15)
        assert "没有与该单位的沟通记录" in refusal(one, "contact", office.specialist)
        office.speak(employer, VisitKind.CALL)
        take(one, "contact", office.specialist)
        assert "没有走访该单位的记录" in refusal(one, "visit", office.specialist)
        office.speak(employer)
        take(one, "visit", office.specialist)
        early = refusal(
            one,
            "urge",
            office.specialist,
            letter_no="函1号",
            letter_on=today(),
            letter_until=date(2026, 10, 14),
        )
        assert "期限至少应至2026-10-26" in early and "没有此文号的已发出函件" in early
        take(one, "urge", office.specialist, letter_no="函1号", letter_on=today(), letter_kept="卷宗一")
        assert one.letter_until == clock(one).due_on == date(2026, 10, 26)
        order = {"order_no": "责1号", "order_on": date(2026, 10, 27)}
        with pytest.raises(Forbidden):
            take(one, "order", office.specialist, **order)
        assert "催告函期限至2026-10-26" in refusal(one, "order", office.officer, **order)
        clock_of_day.move_to("2026-10-27 09:00+08:00")
        sign_in(client, office.specialist)
        page = client.get(f"/escalations/{one.id}").text
        assert "下一步不由陈静办理" in page and "李强（执法人员）" in page
        take(one, "order", office.officer, **order)
        assert one.holder_id == clock(one).owner_id == office.officer.id  # what follows is theirs
        assert "责令期限至2026-11-05" in refusal(one, "propose_court", office.officer, grounds="…")
        clock_of_day.move_to("2026-11-06 09:00+08:00")
        assert "不适用罚款" in refusal(one, "propose_penalty", office.officer, grounds="…")
        take(one, "propose_court", office.officer, grounds="逾期未缴")
        assert clock(one).owner_id is None  # it waits for the branch's head
        approval = {"decided_on": today(), "decision_no": "决1号"}
        with pytest.raises(Forbidden):
            take(one, "approve_court", office.manager, **approval)
        take(one, "approve_court", office.head, **approval)
        # each number of steps that were passed, and each median, leads to these steps with their days
        client.delete_cookie("session")
        sign_in(client, office.head)
        figures = client.get("/escalations/figures").text
        assert re.findall(r'href="(/escalations/steps[^"]*)">(\d+)</a>', figures)[-4:-2] == [
            ("/escalations/steps?begun_on.not_empty=&amp;state.in=ordered", "1"),
            ("/escalations/steps?begun_on.not_empty=&amp;state.in=ordered", "10"),
        ]
        rows = client.get("/escalations/steps?begun_on.not_empty=&state.in=ordered").text
        assert rows.count('data-label="所用天数"') == 1 and "共 1 条" in rows
        assert client.get("/escalations/steps?days.ge=10&sort=-days").text.count('data-label="所用天数"') == 2
    assert one.state is EscalationState.IN_COURT
    filed = [(row.step.value, row.kind) for row in one.evidence]
    assert {("contact", "talk"), ("visit", "visit"), ("urge", "letter"), ("order", "order")} <= set(filed)
    laws = {row.params["basis"] for row in one.evidence if row.kind == "law" and row.step.value == "order"}
    assert laws == {"《住房公积金管理条例》第三十八条"}


def test_whoever_ordered_does_not_approve_even_where_the_roles_would_allow(office: Office) -> None:
    both = create_user(Role.ENFORCEMENT_OFFICER, Role.BRANCH_HEAD, branch=office.branch)
    with time_machine.travel(START, tick=False) as clock_of_day:
        one = office.urged(office.unregistered())
        clock_of_day.move_to("2026-10-27 09:00+08:00")
        take(one, "order", both, order_no="责1号", order_on=today())
        clock_of_day.move_to("2026-11-06 09:00+08:00")
        assert "不适用法院强制执行" in refusal(one, "propose_court", both, grounds="…")
        take(one, "propose_penalty", both, grounds="逾期未办理")
        answers = {"decided_on": today(), "decision_no": "决1号"}
        assert "须由他人决定" in refusal(one, "approve_penalty", both, **answers)
        take(one, "send_back", office.head, why="事实不清")
        take(one, "propose_penalty", office.officer, grounds="已补充")
        take(one, "approve_penalty", office.head, **answers)
    assert (one.state, one.decided_by_id) == (EscalationState.PENALISED, office.head.id)


def test_steps_are_passed_over_only_with_a_reason_and_a_second_person(office: Office) -> None:
    one = office.begin(office.behind())
    with pytest.raises(DomainError, match="略过步骤的理由"):
        services.ask_skip(one, "urged", " ", office.specialist)
    with pytest.raises(DomainError, match="不能直接进入"):
        services.ask_skip(one, "ordered", "急", office.specialist)
    skip = services.ask_skip(one, "to_urge", "经营地址关闭，无法走访", office.manager)
    with pytest.raises(Conflict):
        services.ask_skip(one, "urged", "再问一次", office.specialist)
    assert "待答复" in refusal(one, "contact", office.specialist)
    for actor in (office.manager, office.specialist):  # who asked; and who may not consent at all
        with pytest.raises((DomainError, Forbidden)):
            transition(SKIP, skip, "grant", actor)
    transition(SKIP, skip, "grant", office.head)
    assert one.state is EscalationState.TO_URGE and skip.decided_by_id == office.head.id
    from_order = office.urged(office.unregistered())
    with pytest.raises(DomainError, match="不得略过"):
        services.ask_skip(from_order, "ordered", "急", office.specialist)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"stage": Stage.ON_RELIEF}, "经批准缓缴"),
        ({"account_status": AccountStatus.SEALED}, "已封存"),
        ({"stage": Stage.CLOSED}, "已销户"),
        ({"operating_status": "04"}, "已吊销或注销"),
        ({"eligible": False}, "不属于应缴存单位"),
    ],
)
def test_nobody_pursues_employers_that_owe_nothing(
    office: Office, fields: dict[str, object], why: str
) -> None:
    employer = office.behind()
    for name, value in fields.items():
        setattr(employer, name, value)
    with pytest.raises(DomainError) as refused:
        office.begin(employer)
    assert why in " ".join(map(str, refused.value.reasons))


def test_an_origin_says_what_is_to_be_done_first(office: Office) -> None:
    promised = office.behind(state=CaseState.PROMISED, promised_for=today() + timedelta(days=3))
    unasked = office.behind(reason=None, state=CaseState.OPENED)
    young = office.unregistered()
    young.established_on = today() - timedelta(days=3)
    for employer, why in ((promised, "期满后再办"), (unasked, "尚未了解"), (young, "期限至")):
        with pytest.raises(DomainError) as refused:
            office.begin(employer)
        assert why in " ".join(map(str, refused.value.reasons))
    with pytest.raises(DomainError, match="没有可转执法的事由"):
        office.begin(create_employer(office.branch, stage=Stage.CONTRIBUTING))
    one = office.begin(office.behind())
    with pytest.raises(Conflict):
        office.begin(one.employer)


def test_it_ends_with_its_matter_and_opens_again_with_it(office: Office) -> None:
    paid, registered = office.begin(office.behind()), office.begin(office.unregistered())
    skip = services.ask_skip(paid, "to_visit", "电话停机", office.specialist)
    case = db.session.scalars(select(ArrearsCase).where(ArrearsCase.employer_id == paid.employer_id)).one()
    case.closed_on = today()
    transition(ESCALATION, registered, "stop", office.head, answers={"why": "误立"})
    assert registered.outcome is Outcome.STOPPED
    transition(ARREARS, case, "statement_settled", None)
    assert (paid.state, paid.outcome, skip.state.value) == (
        EscalationState.SETTLED,
        Outcome.PAID,
        "overtaken",
    )
    case.closed_on, case.state = None, CaseState.CONTACTED
    assert services.mind() == 1 and services.mind() == 0
    assert (paid.state, paid.ended_on) == (EscalationState.TO_CONTACT, None)
    again = office.begin(registered.employer)
    transition(LIFECYCLE, again.employer, "statement_registered", None)
    assert (again.outcome, again.ended_in) == (Outcome.REGISTERED, EscalationState.TO_CONTACT)


def test_the_days_of_the_law_decide_about_missing_accounts(
    office: Office,
) -> None:
    opened = today() - timedelta(days=10)
    employer = create_employer(office.branch, stage=Stage.REGISTERED, account_opened_on=opened)
    set_value(ACCOUNTS.limit, 5)
    assert str(opened + timedelta(days=20)) in str(objections_to_escalation(employer)[0])
    set_value(ACCOUNT_DAYS, 9)
    assert objections_to_escalation(employer) == []


def test_the_screens_from_the_employers_page_to_the_figures(office: Office, client: FlaskClient) -> None:
    employer = office.behind()
    sign_in(client, office.specialist)
    begin = f"/escalations/begin/{employer.id}"
    assert "欠缴" in client.get(begin).text
    assert client.post(begin, data={"origin": "arrears_case", "reason": ""}).status_code == 422
    made = client.post(begin, data={"origin": "arrears_case", "reason": "拒不缴存"})
    one = db.session.scalars(select(Escalation)).one()
    assert made.location == f"/escalations/{one.id}"
    assert "待联系" in client.get(made.location).text
    asked = client.post(f"{made.location}/skip", data={"target": "to_urge", "reason": "无法上门"})
    assert asked.status_code == 302 and "无法上门" in client.get(made.location).text
    passed = client.post(f"{made.location}/pass-on", data={"holder_id": office.officer.id})
    assert passed.status_code == 302 and one.holder_id == clock(one).owner_id == office.officer.id
    assert employer.name in client.get("/escalations?skip.yes=").text
    sign_in(client, office.head)
    skip = queries.open_skip(one.id)
    assert skip is not None
    client.post(f"/workflow/escalation_skip/{skip.id}/grant", data={"comment": ""})
    page = client.get(made.location).text
    assert "待催告" in page and "陈静" in page and "吴建国" in page
    assert "经同意略过步骤" in client.get("/escalations/figures").text
    # of a year, each number leads to those begun in it, what is over among them
    transition(ESCALATION, one, "stop", office.head, answers={"why": "误立"})
    figures = client.get(f"/escalations/figures?year={today().year}").text
    assert "passed_over.yes" in figures
    for address in set(re.findall(r'href="(/escalations\?[^"]*)"', figures)):
        assert f"begun_on.between={today().year}" in address
        over = "ended_on.empty" not in address and "paid" not in address
        assert (employer.name in client.get(unescape(address)).text) is over
    rows = sheet(client.get(f"/escalations/figures/workbook?year={today().year}").data)
    assert ("待联系", 0, 0, 1, 0, 0, 0) in rows and ("经同意略过步骤", 1) in [row[:2] for row in rows]
    sign_in(client, create_user(Role.SPECIALIST))
    assert client.get(made.location).status_code == 404
    assert client.post(f"{made.location}/skip", data={}).status_code == 404
