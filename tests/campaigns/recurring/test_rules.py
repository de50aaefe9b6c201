"""Recurring rules: whose turn it is, once for each occasion, drafted or launched within an approval."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.accounts.models import User
from app.contributions.adjustment.models import Adjustment, AdjustmentDrive
from app.contributions.arrears.models import ArrearsCase, CaseState
from app.core.clock import today
from app.core.criteria import EVERYTHING
from app.core.criteria import rule as criterion
from app.core.db import db
from app.core.errors import Conflict, DomainError, NotFound
from app.core.options import set_value
from app.core.periods import Period
from app.core.permissions import Role
from app.employers.models import Employer, EmployerContact
from app.relief.models import ReliefDecision, ReliefKind, ReliefState
from app.tasks.models import Task
from campaigns.drafting.models import AudienceMember, Campaign, CampaignState
from campaigns.drafting.policy import HEAD_ABOVE_RECIPIENTS
from campaigns.drafting.templates.queries import named
from campaigns.recurring import queries, services
from campaigns.recurring.models import GreetingDay, Outcome, Rule, Trigger, Turn
from campaigns.recurring.policy import approval_stands, seal
from tests.factories import (
    create_branch,
    create_contact,
    create_employer,
    create_user,
    seed_templates,
    sign_in,
)

DAY = date(2026, 11, 23)
STATEMENT = Period(2026, 10)


@pytest.fixture
def author(app: Flask) -> User:
    seed_templates()
    return create_user(Role.MANAGER, branch=create_branch(name="滨海管理部"))


@pytest.fixture
def head(author: User) -> User:
    return create_user(Role.BRANCH_HEAD, branch=author.branch)


def firm(author: User, **fields: object) -> Employer:
    """An employer with a handler who was there long before."""
    made = create_employer(author.branch, **fields)
    create_contact(made, mobile=f"139{made.id:08d}")
    return made


def case(employer: Employer, first: Period) -> ArrearsCase:
    made = ArrearsCase(
        employer_id=employer.id, state=CaseState.OPENED, first_period=first, opened_on=DAY,
        last_period=STATEMENT, reckoned_on=DAY, months=1, most_months=1, heads=3,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made


def rule(author: User, trigger: Trigger, template: str = "spring_festival", **more: Any) -> Rule:
    version = named(template)
    assert version is not None
    wish = services.Wish("规则", trigger, 60, "", None, EVERYTHING, version.id, {})
    made = services.write(replace(wish, **{"frequency_days": 0} | more), author, author.branch)
    db.session.commit()
    return made


def turns() -> set[tuple[int, str]]:
    return {
        (employer, occasion)
        for employer, occasion in db.session.execute(select(Turn.employer_id, Turn.occasion))
    }


def again(made: Rule, day: date = DAY) -> object:
    """As a second worker on the same day, who does not know that it was looked at."""
    made.looked_on = None
    return services.run(made, day)


def test_each_trigger_finds_whose_turn_it_is(author: User) -> None:
    newly, long_ago, ending, later, new, submitted = (firm(author) for _n in range(6))
    case(newly, STATEMENT)
    case(long_ago, STATEMENT + -1)
    for one, month in ((ending, Period(2026, 12)), (later, Period(2027, 3))):
        term = {"from_month": Period(2026, 1), "to_month": month, "state": ReliefState.RUNNING}
        db.session.add(ReliefDecision(employer_id=one.id, kind=ReliefKind.DEFERMENT, **term))
    link = db.session.scalars(select(EmployerContact).where(EmployerContact.employer_id == new.id)).one()
    link.since = DAY - timedelta(days=3)
    drive = AdjustmentDrive(year=2026, opens_on=DAY - timedelta(days=9), closes_on=DAY + timedelta(days=9))
    db.session.add(drive)
    db.session.flush()
    db.session.add(Adjustment(drive_id=drive.id, employer_id=newly.id))
    db.session.add(Adjustment(drive_id=drive.id, employer_id=submitted.id, state="submitted"))
    db.session.add(GreetingDay(name="元旦", day=date(2027, 1, 1)))
    db.session.flush()
    expected = {
        Trigger.NEW_ARREARS: {(newly.id, "202610")},
        Trigger.RELIEF_ENDING: {(ending.id, "202612")},
        Trigger.NEW_HANDLER: {(new.id, str(link.id))},
        Trigger.BASE_WINDOW: {(newly.id, "2026")},
    }
    for trigger, found in expected.items():
        rows = db.session.execute(queries.waiting(rule(author, trigger), DAY)).all()
        assert {(employer, occasion) for employer, occasion in rows} == found, trigger
    festive = rule(author, Trigger.FESTIVAL, festival="元旦", days=3)
    assert [queries.waiting_count(festive, date(2026, 12, day)) for day in (28, 29)] == [0, 6]
    drive.closes_on = DAY - timedelta(days=1)
    assert queries.waiting_count(rule(author, Trigger.BASE_WINDOW), DAY) == 0


def test_a_run_drafts_once_for_each_employer_and_occasion(author: User) -> None:
    first = firm(author)
    case(first, STATEMENT)
    made = rule(author, Trigger.NEW_ARREARS)
    run = services.run(made, DAY)
    assert run is not None and run.campaign is not None
    assert (run.outcome, run.employers, run.campaign.state) == (Outcome.DRAFTED, 1, CampaignState.DRAFT)
    assert db.session.scalars(select(Task.owner_id)).all() == [author.id]
    assert services.run(made, DAY) is None
    assert again(made) is None and again(made, DAY + timedelta(days=1)) is None
    second = firm(author)
    case(second, STATEMENT)
    later = again(made, DAY + timedelta(days=2))
    assert later is not None
    members = db.session.scalars(select(AudienceMember.employer_id).order_by(AudienceMember.id)).all()
    assert members == [first.id, second.id]
    assert turns() == {(first.id, "202610"), (second.id, "202610")}
    twice = Turn(rule_id=made.id, run_id=run.id, employer_id=first.id, occasion="202610")
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.add(twice)
        db.session.flush()


def test_a_rule_reaches_no_further_than_its_owner_and_its_segment(author: User) -> None:
    near, small, far = firm(author, heads=20), firm(author, heads=2), create_employer()
    for one in (near, small, far):
        case(one, STATEMENT)
    many = {"match": "all", "rules": [criterion("heads", "ge", "10")]}
    made = rule(author, Trigger.NEW_ARREARS, criteria=many)
    services.run(made, DAY)
    assert {employer for employer, _occasion in turns()} == {near.id}


@pytest.mark.databases("sqlite")
def test_an_approved_rule_launches_within_its_approval_and_only_within_it(author: User, head: User) -> None:
    case(firm(author), STATEMENT)
    made = rule(author, Trigger.NEW_ARREARS)
    with pytest.raises(DomainError):
        services.approve(made, author, seal(made))
    with pytest.raises(Conflict):
        services.approve(made, head, "anything")
    services.approve(made, head, seal(made))
    run = services.run(made, DAY)
    assert run is not None and run.campaign is not None
    assert (run.outcome, run.note) == (Outcome.LAUNCHED, "")
    assert (run.campaign.state, run.campaign.approved_by_id) == (CampaignState.RUNNING, head.id)
    made.most_recipients = 1
    assert not approval_stands(made)
    services.approve(made, head, seal(made))
    for _n in range(2):
        case(firm(author), STATEMENT)
    larger = again(made, DAY + timedelta(days=1))
    assert larger.outcome is Outcome.DRAFTED and larger.note  # type: ignore[attr-defined]
    services.withdraw(made)
    case(firm(author), STATEMENT)
    assert again(made, DAY + timedelta(days=2)).outcome is Outcome.DRAFTED  # type: ignore[attr-defined]


@pytest.mark.databases("sqlite")
def test_the_thresholds_of_campaigns_hold_for_rules_as_well(author: User) -> None:
    manager = create_user(Role.MANAGER, branch=author.branch)
    case(firm(author), STATEMENT)
    made = rule(author, Trigger.NEW_ARREARS, most_recipients=600)
    with pytest.raises(DomainError):
        services.approve(made, manager, seal(made))
    made.most_recipients = 200
    services.approve(made, manager, seal(made))
    db.session.commit()
    set_value(HEAD_ABOVE_RECIPIENTS, 1)
    refused = services.run(made, DAY)
    assert refused is not None and refused.outcome is Outcome.DRAFTED
    assert "负责人审批" in refused.note


def test_what_cannot_be_written_takes_nobodys_turn(author: User) -> None:
    with pytest.raises(DomainError):
        rule(author, Trigger.NEW_ARREARS, "arrears_deadline")
    with pytest.raises(DomainError):
        rule(author, Trigger.FESTIVAL)
    case(firm(author), STATEMENT)
    made = rule(author, Trigger.NEW_ARREARS, "base_adjustment", deadline_days=500)
    run = services.run(made, today())
    assert run is not None and run.outcome is Outcome.REFUSED and run.note
    assert turns() == set() and db.session.scalars(select(Campaign)).all() == []
    made.paused, made.template_values = True, {"year": "2026"}
    assert again(made, today()) is None
    services.pause(made, False)
    assert again(made, today()).outcome is Outcome.DRAFTED  # type: ignore[attr-defined]


@pytest.mark.databases("sqlite")
def test_rules_are_written_approved_and_paused_on_their_pages(
    client: FlaskClient, author: User, head: User
) -> None:
    version = named("mid_autumn")
    assert version is not None
    sign_in(client, author)
    client.post("/campaigns/rules/calendar", data={"name": "春节", "day": "2027-02-06"})
    filled = {
        "name": "新春问候", "trigger": "festival", "days": "2", "festival": "春节", "segment_id": "0",
        "version": str(version.id), "deadline_days": "0", "contact_order": "handler_first",
        "frequency_days": "0", "send_hour": "9", "spread_hours": "0", "most_recipients": "200",
    }  # fmt: skip
    assert client.post("/campaigns/rules/new", data=filled | {"festival": ""}).status_code == 422
    page = client.post("/campaigns/rules/new", data=filled).location
    made = db.session.scalars(select(Rule)).one()
    assert "新春问候" in client.get("/campaigns/rules").text
    assert client.get(f"{page}/edit").status_code == 200
    assert client.post(f"{page}/approve", data={"seen": seal(made)}).status_code == 400
    sign_in(client, head)
    assert client.get(page).status_code == 200
    assert client.post(f"{page}/approve", data={"seen": seal(made)}).status_code == 303
    db.session.refresh(made)
    assert approval_stands(made)
    sign_in(client, author)
    assert client.post(f"{page}/edit", data=filled | {"days": "5"}).status_code == 303
    client.post(f"{page}/pause")
    db.session.refresh(made)
    assert (approval_stands(made), made.paused, made.days) == (False, True, 5)
    sign_in(client, create_user(Role.MANAGER))
    assert client.get(page).status_code == 404
    with pytest.raises(NotFound):
        queries.find(made.id, create_user(Role.MANAGER))
