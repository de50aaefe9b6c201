"""Following up where a message was in vain: the next contact, a letter, a visit; once for each."""

import html
import re
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select, update

from app.accounts.models import User
from app.core.clock import now, today
from app.core.db import db
from app.core.errors import DomainError, NotFound
from app.core.jobs import run_inline
from app.core.periods import Period
from app.core.permissions import Role
from app.core.rules.legal import LegalBasis, seed_legal_basis
from app.core.rules.workdays import add_working_days
from app.core.timeline import TimelineEntry
from app.employers.models import ContactRole, Employer
from app.tasks.models import Task
from campaigns.channels.letter.issued.models import Letter, LetterState
from campaigns.channels.letter.policy import PRICE
from campaigns.drafting import services as drafting
from campaigns.drafting.models import (
    Campaign,
    CampaignState,
    ContactOrder,
    MessageClass,
    StepCondition,
    StepKind,
)
from campaigns.drafting.policy import approval_stands
from campaigns.drafting.steps.services import Step, set_steps
from campaigns.following import jobs, services
from campaigns.following.models import StepResult, StepRun
from campaigns.following.queries import waited_until
from campaigns.ledger.models import Message, MessageState
from campaigns.ledger.queries import balance
from campaigns.ledger.services import controlling, planning
from campaigns.ledger.services.settling import settle
from campaigns.results.breakdown.queries import acted_on_letters_alone, of_campaign, whole
from tests.factories import (
    create_branch,
    create_campaign,
    create_contact,
    create_employer,
    create_user,
    seed_outlines,
    sign_in,
)

UNDELIVERED, UNANSWERED = StepCondition.UNDELIVERED, StepCondition.UNANSWERED
STEPS = (Step(StepKind.NEXT_CONTACT, UNDELIVERED, 1), Step(StepKind.VISIT, UNANSWERED, 5))
TEXT = "{handler}您好，{employer}请尽快办理。详情：{link} 咨询{phone}"
S = MessageState


@pytest.fixture
def owner(app: Flask) -> User:
    return create_user(Role.SPECIALIST, branch=create_branch(name="滨海管理部"), name="李静")


@pytest.fixture
def employer(owner: User) -> Employer:
    """With a handler and, behind, a person in charge."""
    made = create_employer(owner.branch, name="滨海甲公司", owner_id=owner.id)
    create_contact(made, name="王小明", mobile="13800004321")
    create_contact(made, ContactRole.PERSON_IN_CHARGE, name="陈丽", mobile="13900001111")
    return made


def drafted(owner: User, steps: tuple[Step, ...] = STEPS, deadline: date | None = None) -> Campaign:
    author = create_user(Role.MANAGER, branch=owner.branch)
    wish = drafting.Wish(
        "九月通知",
        None,
        {"match": "all", "rules": []},
        MessageClass.SERVICE,
        TEXT,
        deadline,
        ContactOrder.HANDLER_FIRST,
        0,
    )
    campaign = drafting.draft(wish, author, author.branch)
    set_steps(campaign, steps, author)
    return campaign


def launched(owner: User, steps: tuple[Step, ...] = STEPS, deadline: date | None = None) -> Campaign:
    """Approved with its steps, planned, not yet sent."""
    campaign = drafted(owner, steps, deadline)
    drafting.submit(campaign, campaign.created_by)
    head = create_user(Role.BRANCH_HEAD, branch=owner.branch)
    drafting.approve(campaign, head, drafting.seal(campaign))
    controlling.launch(campaign.id, None)
    planned(campaign)
    return campaign


def planned(campaign: Campaign) -> None:
    after: int | None = 0
    while after is not None:
        after = planning.plan_chunk(campaign, after)
    db.session.commit()


def came(campaign: Campaign, verdict: MessageState) -> None:
    """What is planned was sent, and this became of it."""
    settle(verdict, Message.campaign_id == campaign.id, Message.state == S.PLANNED)
    controlling.finish_done()
    db.session.commit()


def follow() -> None:
    """The periodic job, three times over: steps are taken once."""
    for _run in range(3):
        with run_inline():
            jobs.follow_all()
    db.session.commit()
    db.session.expire_all()


def in_days(days: int) -> time_machine.travel:
    return time_machine.travel(now() + (add_working_days(today(), days) - today()))


def ready_for_a_letter(employer: Employer) -> dict[str, object]:
    """All that a letter says of it; gives what others may have as well."""
    seed_outlines()
    seed_legal_basis()
    db.session.execute(update(LegalBasis).values(verified=True))
    known: dict[str, object] = {
        "paid_through": Period(2026, 8),
        "arrears_months": 2,
        "heads": 10,
        "monthly_amount": Decimal(900),
    }
    for name, value in {"address": "港区路1号", "employer_account_no": "120000098765", **known}.items():
        setattr(employer, name, value)
    return known


def runs() -> list[tuple[int, StepResult]]:
    query = select(StepRun).order_by(StepRun.id)
    return [(one.step.position, one.result) for one in db.session.scalars(query)]


def test_from_the_handler_to_the_next_contact_to_a_visit(owner: User, employer: Employer) -> None:
    campaign = launched(owner)
    came(campaign, S.FAILED)
    follow()
    assert (runs(), campaign.state) == ([], CampaignState.RUNNING)  # one working day has yet to pass
    with in_days(1):
        follow()
        assert runs() == [(1, StepResult.WRITTEN)]
        second = db.session.scalars(select(Message).where(Message.state == S.PLANNED)).one()
        assert (second.phone, second.employer_id) == ("13900001111", employer.id)
        assert "陈丽您好" in second.text
        assert balance(campaign).adds_up
        came(campaign, S.DELIVERED)
        follow()
    with in_days(4):
        follow()
        assert len(runs()) == 1
    with in_days(6):
        follow()
        assert runs() == [(1, StepResult.WRITTEN), (2, StepResult.TASK)]
        task = db.session.scalars(select(Task).where(Task.kind == "campaign_step")).one()
        assert (task.owner_id, task.employer_id) == (owner.id, employer.id)
        assert task.due_on == add_working_days(today(), 5, provisional=True)
    told = db.session.scalars(select(TimelineEntry).where(TimelineEntry.kind == "follow_up")).all()
    assert len(told) == 2
    assert campaign.state is CampaignState.FINISHED
    assert {one.ended_by_id for one in campaign.follow_steps} == {None}


@pytest.mark.databases("sqlite")
def test_without_another_contact_the_next_step_comes_at_once_and_an_answer_ends_it(
    owner: User, employer: Employer
) -> None:
    alone = create_employer(owner.branch, name="滨海乙公司", owner_id=owner.id)
    create_contact(alone, name="赵刚", mobile="13700002222")
    steps = (STEPS[0], Step(StepKind.CALL, UNDELIVERED, 1))
    campaign = launched(owner, steps)
    came(campaign, S.EXPIRED)
    with in_days(1):
        follow()
    assert sorted(runs()) == [(1, StepResult.IMPOSSIBLE), (1, StepResult.WRITTEN), (2, StepResult.TASK)]
    task = db.session.scalars(select(Task).where(Task.kind == "campaign_step")).one()
    assert task.employer_id == alone.id
    db.session.execute(update(Message).where(Message.phone == "13900001111").values(confirmed_at=now()))
    came(campaign, S.DELIVERED)
    with in_days(9):
        follow()
    assert len(runs()) == 3
    assert campaign.state is CampaignState.FINISHED


@pytest.mark.databases("sqlite")
def test_the_letter_step_issues_one_letter_or_notes_why_it_cannot(
    client: FlaskClient, owner: User, employer: Employer
) -> None:
    known = ready_for_a_letter(employer)
    homeless = create_employer(owner.branch, name="滨海丙公司", address=None, owner_id=owner.id, **known)
    create_contact(homeless, name="孙立", mobile="13700003333")
    steps = (Step(StepKind.LETTER, UNDELIVERED, 0, "arrears"), Step(StepKind.VISIT, UNDELIVERED, 0))
    campaign = launched(owner, steps, deadline=today())
    came(campaign, S.FAILED)
    follow()
    letter = db.session.scalars(select(Letter)).one()
    assert (letter.employer_id, letter.by_id) == (employer.id, campaign.approved_by_id)
    assert sorted(runs()) == [(1, StepResult.IMPOSSIBLE), (1, StepResult.ISSUED), (2, StepResult.TASK)]
    refused = db.session.scalars(select(StepRun).where(StepRun.result == StepResult.IMPOSSIBLE)).one()
    assert refused.employer_id == homeless.id
    assert "地址" in (refused.reason or "")
    the_results_tell_the_letters_apart(client, campaign, letter)
    what_was_paid_is_shared_by_all_that_arrived_and_acted(client, campaign, letter)
    letter.state = LetterState.RETURNED
    db.session.commit()
    follow()
    assert len(runs()) == 4
    assert campaign.state is CampaignState.FINISHED


def what_was_paid_is_shared_by_all_that_arrived_and_acted(
    client: FlaskClient, campaign: Campaign, letter: Letter
) -> None:
    """Beside another campaign: the letter is the one that arrived, and its employer acted upon it."""
    sign_in(client, campaign.created_by)
    letter.state = LetterState.DELIVERED
    letter.employer.online_signed_on = today()
    other = create_campaign(campaign.created_by, launched_at=now())
    spared = db.session.scalars(select(Message).where(Message.employer_id == letter.employer_id)).one()
    db.session.execute(update(Message).where(Message.id == spared.id).values(state=S.SUPPRESSED))
    db.session.commit()
    answer = client.get(f"/campaigns/compare/workbook?of=c{campaign.id}&of=c{other.id}")
    workbook = load_workbook(BytesIO(answer.data)).active
    assert workbook is not None
    told = {row[0]: row[1] for row in workbook.values}
    assert told["费用合计（元）"] == pytest.approx(float(str(told["费用（元）"])) + PRICE.value() / 100)
    assert told["每条送达费用（元）"] == told["每户办理费用（元）"] == told["费用合计（元）"]
    sent_in_vain = {"state": S.FAILED, "submitted_at": now()}
    db.session.execute(update(Message).where(Message.id == spared.id).values(**sent_in_vain))
    assert acted_on_letters_alone(of_campaign(campaign, 30)) == 0
    db.session.commit()


def the_results_tell_the_letters_apart(client: FlaskClient, campaign: Campaign, letter: Letter) -> None:
    """Of two that were due one was issued; both SMS failed. Each number leads to its rows, on every page."""
    letter.opened_at = now()
    db.session.commit()
    sign_in(client, campaign.created_by)
    results = of_campaign(campaign, 30)
    assert results.follow_up is not None
    line = whole(results.follow_up)
    assert [line.counts[one] for one in ("audience", "sent", "delivered", "opened")] == [2, 1, 0, 1]
    assert line.cost(results.follow_up.price) == Decimal(PRICE.value()) / 100
    page = html.unescape(client.get(f"/campaigns/{campaign.id}/results?by=owner").text)
    links = re.findall(
        rf'"(/campaigns/{campaign.id}/follow-up/(?:letters|acted)[^"]*owner[^"]*)">(\d+)', page
    )
    assert [int(number) for _url, number in links] == [2, 1, 1]
    listed = [len(set(re.findall(r"滨海[甲丙]公司", client.get(url).text))) for url, _number in links]
    assert listed == [2, 1, 1]
    workbook = load_workbook(BytesIO(client.get(f"/campaigns/{campaign.id}/results/workbook").data)).active
    assert workbook is not None
    assert ["后续跟进函件"] in [[cell for cell in row if cell] for row in workbook.values]
    page = html.unescape(client.get(f"/campaigns/{campaign.id}/reconciliation").text)
    (url,) = re.findall(r'"(/campaigns/\d+/follow-up/letters[^"]*)">1<', page)
    assert letter.number in client.get(url).text
    sign_in(client, create_user(Role.MANAGER))
    assert client.get(url).status_code == 404


@pytest.mark.databases("sqlite")
def test_the_page_of_a_campaign_says_that_it_waits_for_its_follow_up(
    client: FlaskClient, owner: User, employer: Employer
) -> None:
    campaign = launched(owner)
    page, way = f"/campaigns/{campaign.id}", f"/campaigns/{campaign.id}/follow-up"
    sign_in(client, campaign.created_by)
    assert way in client.get(page).text
    assert "短信均已有结果" not in client.get(page).text
    came(campaign, S.DELIVERED)
    for shown in (page, f"{page}/live"):
        assert "短信均已有结果" in client.get(shown).text
        assert way in client.get(shown).text
    services.stop(campaign.id, campaign.created_by)
    db.session.commit()
    assert "短信均已有结果" not in client.get(page).text


@pytest.mark.databases("sqlite")
def test_a_letter_that_could_leave_for_nobody_is_no_step(
    client: FlaskClient, owner: User, employer: Employer
) -> None:
    """What no step can fill in, or no law confirms, would be noted as impossible for every employer."""
    ready_for_a_letter(employer)
    campaign = drafted(owner)
    author = campaign.created_by
    db.session.commit()
    with pytest.raises(DomainError) as refusal:
        set_steps(campaign, (Step(StepKind.LETTER, UNDELIVERED, 0, "invitation"),), author)
    assert "其他信函" in str(refusal.value.reasons)
    db.session.rollback()
    sign_in(client, author)
    page = html.unescape(client.get(f"/campaigns/{campaign.id}/steps").text)
    assert "催缴函" in page
    assert "政策宣讲邀请函" not in page
    set_steps(campaign, (Step(StepKind.LETTER, UNDELIVERED, 0, "arrears"),), author)
    with pytest.raises(DomainError) as refusal:
        drafting.submit(campaign, author)
    assert "截止日期" in str(refusal.value.reasons)
    campaign.deadline = today()
    db.session.execute(update(LegalBasis).values(verified=False))
    with pytest.raises(DomainError) as refusal:
        drafting.submit(campaign, author)
    assert "尚未确认" in str(refusal.value.reasons)
    db.session.execute(update(LegalBasis).values(verified=True))
    drafting.submit(campaign, author)
    assert campaign.state is CampaignState.SUBMITTED


@pytest.mark.databases("sqlite")
def test_whom_a_letter_reached_is_given_time_to_answer_it(owner: User, employer: Employer) -> None:
    """The post takes its days, and the waiting begins where the letter arrived."""
    ready_for_a_letter(employer)
    steps = (Step(StepKind.LETTER, UNDELIVERED, 0, "arrears"), Step(StepKind.VISIT, UNANSWERED, 5))
    campaign = launched(owner, steps, deadline=today())
    came(campaign, S.FAILED)
    follow()
    sent = db.session.scalars(select(Letter)).one()
    with in_days(12):
        follow()
        assert len(runs()) == 1  # with the post
        sent.state, sent.settled_on = LetterState.DELIVERED, today()
        db.session.commit()
        follow()
        assert len(runs()) == 1  # it came today
    with in_days(19):
        follow()
    task = db.session.scalars(select(Task)).one()
    assert task.title == "Visit: nobody has answered the notice “%(campaign)s”"
    assert campaign.state is CampaignState.FINISHED


@pytest.mark.databases("sqlite")
def test_a_paused_cancelled_or_stopped_follow_up_does_nothing(
    client: FlaskClient, owner: User, employer: Employer
) -> None:
    campaign = launched(owner)
    came(campaign, S.FAILED)
    controlling.pause(campaign.id, None)
    db.session.commit()
    with in_days(9):
        follow()
        assert runs() == []
        controlling.resume(campaign.id, None)
        db.session.commit()
        sign_in(client, owner)  # a specialist may look, not stop
        page = f"/campaigns/{campaign.id}/follow-up"
        assert "向下一联系人发送" in html.unescape(client.get(page).text)
        assert page in client.get(f"/campaigns/{campaign.id}/draft").text
        assert client.post(f"{page}/stop").status_code == 403
        sign_in(client, create_user(Role.MANAGER))
        assert client.get(page).status_code == client.post(f"{page}/stop").status_code == 404
        sign_in(client, create_user(Role.MANAGER, branch=owner.branch))
        assert client.post(f"{page}/stop").status_code == 303
        follow()
    assert runs() == []
    assert campaign.state is CampaignState.FINISHED


@pytest.mark.databases("sqlite")
def test_steps_are_approved_with_the_campaign_and_void_an_approval(
    client: FlaskClient, owner: User, employer: Employer
) -> None:
    campaign = drafted(owner, ())
    author = campaign.created_by
    drafting.submit(campaign, author)
    drafting.approve(campaign, create_user(Role.BRANCH_HEAD, branch=owner.branch), drafting.seal(campaign))
    db.session.commit()
    page = f"/campaigns/{campaign.id}/steps"
    sign_in(client, create_user(Role.MANAGER))
    assert client.post(page).status_code == 404
    sign_in(client, author)
    assert client.get(page).status_code == 200
    step = {"kind_1": "visit", "when_1": "unanswered", "wait_1": "3", "outline_1": ""}
    rest = {
        f"{name}_{n}": value for n in (2, 3, 4) for name, value in (("kind", ""), ("when", "undelivered"))
    }
    letter = client.post(page, data=rest | step | {"kind_1": "letter"})
    assert letter.status_code == 422
    assert "请选择信函模板" in html.unescape(letter.text)
    assert client.post(page, data=rest | step | {"wait_1": "999"}).status_code == 422
    assert approval_stands(campaign)
    assert client.post(page, data=rest | step).status_code == 303
    db.session.expire_all()
    assert campaign.state is CampaignState.DRAFT
    assert [(one.kind, one.wait_days) for one in campaign.follow_steps] == [(StepKind.VISIT, 3)]
    assert "走访" in html.unescape(client.get(f"/campaigns/{campaign.id}/draft").text)
    campaign.message_class = MessageClass.GREETING
    with pytest.raises(DomainError):
        set_steps(campaign, STEPS, author)
    with pytest.raises(NotFound):
        services.stop(campaign.id, create_user(Role.MANAGER))


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("day", "working_days", "before"),
    [
        (date(2026, 11, 23), 1, date(2026, 11, 23)),  # a Monday: what came on the weekend has waited, too
        (date(2026, 11, 28), 1, date(2026, 11, 27)),  # a Saturday: Friday is the day that was waited for
        (date(2026, 11, 24), 2, date(2026, 11, 23)),
        (date(2026, 11, 24), 0, date(2026, 11, 25)),
    ],
)
def test_what_comes_on_a_day_off_waits_no_longer_than_what_came_before_it(
    app: Flask, day: date, working_days: int, before: date
) -> None:
    with time_machine.travel(day):
        assert waited_until(working_days).date() == before
