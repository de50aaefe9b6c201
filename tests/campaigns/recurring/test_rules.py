"""Recurring rules: whose turn it is, once for each occasion, drafted or launched within an approval."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.accounts.models import User
from app.contributions.adjustment.models import Adjustment, AdjustmentDrive
from app.contributions.arrears.models import ArrearsCase, CaseState
from app.core import signals
from app.core.clock import SHANGHAI, today
from app.core.criteria.trees import EVERYTHING
from app.core.criteria.trees import rule as criterion
from app.core.db import db
from app.core.errors import Conflict, DomainError, NotFound
from app.core.jobs import run_inline
from app.core.options import set_value
from app.core.periods import Period
from app.core.permissions import Role
from app.core.rules.workdays import seed_years
from app.employers.models import ContactRole, Employer, EmployerContact
from app.imports.models import ImportBatch
from app.relief.models import ReliefDecision, ReliefKind, ReliefState
from app.tasks.models import Task
from app.tasks.queries import page_of_source
from campaigns.channels.letter.models import LetterVersion
from campaigns.drafting import services as drafting
from campaigns.drafting.models import AudienceMember, Campaign, CampaignState, Exclusion
from campaigns.drafting.policy import HEAD_ABOVE_RECIPIENTS, stored_audience_fingerprint
from campaigns.drafting.templates.queries import named
from campaigns.gateways import words
from campaigns.ledger.models import Message
from campaigns.ledger.services import planning
from campaigns.recurring import queries, services
from campaigns.recurring.models import GreetingDay, Outcome, Rule, Run, Trigger, Turn
from campaigns.recurring.policy import approval_stands, seal
from tests.campaigns.letters.posting import create_addressed, wording
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


def again(made: Rule, day: date = DAY) -> Run | None:
    """As a second worker on the same day, who does not know that it was looked at."""
    made.looked_on = None
    return services.run(made, day)


def repeated(made: Rule, day: date) -> Run:
    run = again(made, day)
    assert run is not None
    return run


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
        assert {(row.employer_id, row.occasion) for row in rows} == found, trigger
    festive = rule(author, Trigger.FESTIVAL, festival="元旦", days=3)
    assert [queries.waiting_count(festive, date(2026, 12, day)) for day in (28, 29)] == [0, 6]
    drive.closes_on = DAY - timedelta(days=1)
    assert queries.waiting_count(rule(author, Trigger.BASE_WINDOW), DAY) == 0


def test_a_statement_of_another_branch_takes_nobody_the_turn(author: User) -> None:
    here = firm(author)
    case(here, STATEMENT + -1).last_period = STATEMENT + -1
    there = create_employer(create_branch(name="东港管理部"))
    case(there, STATEMENT)
    rows = db.session.execute(queries.waiting(rule(author, Trigger.NEW_ARREARS), DAY)).all()
    assert [(row.employer_id, row.occasion) for row in rows] == [(here.id, "202609")]


def test_a_greeting_on_working_days_goes_out_before_the_feast_or_not_at_all(author: User) -> None:
    firm(author)
    # 春节 2026: off from Sunday 15 to Monday 23 February; Saturday 14 is worked
    seed_years(2026)
    db.session.add(GreetingDay(name="春节", day=date(2026, 2, 17)))
    on_days: dict[str, Any] = {"working_days_only": True, "festival": "春节"}
    feast_day, before = (rule(author, Trigger.FESTIVAL, days=n, **on_days) for n in (0, 3))
    any_day = rule(author, Trigger.FESTIVAL, days=0, festival="春节", working_days_only=False)

    def days_of_turn(made: Rule) -> list[int]:
        return [n for n in range(10, 20) if queries.waiting_count(made, date(2026, 2, n))]

    assert days_of_turn(feast_day) == [14]
    assert days_of_turn(before) == [14]
    assert days_of_turn(any_day) == [17]


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
    made.touched_by(head.id)
    with pytest.raises(DomainError):
        services.approve(made, head, seal(made))
    made.editor_ids = []
    services.approve(made, head, seal(made))
    for _n in range(2):
        case(firm(author), STATEMENT)
    larger = repeated(made, DAY + timedelta(days=1))
    assert larger.outcome is Outcome.DRAFTED and larger.note
    services.withdraw(made)
    case(firm(author), STATEMENT)
    assert repeated(made, DAY + timedelta(days=2)).outcome is Outcome.DRAFTED


@pytest.mark.databases("sqlite")
def test_a_run_is_held_back_when_nobody_answers_for_it_any_more(author: User, head: User) -> None:
    made = rule(author, Trigger.NEW_ARREARS)
    services.approve(made, head, seal(made))
    version, far = made.wording, create_branch()
    text, day, notes = version.text, DAY, []
    for record, name, then, before in (
        (author, "active", False, True),
        (head, "active", False, True),
        (head, "branch", far, author.branch),
        (version.template, "retired_on", date(2020, 1, 1), None),
        # whoever changes what a published wording says changes what was approved
        (version, "text", "别的话", text),
    ):
        case(firm(author), STATEMENT)
        setattr(record, name, then)
        db.session.flush()
        run, day = repeated(made, day), day + timedelta(days=1)
        setattr(record, name, before)
        db.session.flush()
        assert run.outcome is Outcome.DRAFTED, name
        notes.append(run.note)
    assert len(set(notes)) == 5 and all(notes)
    case(firm(author), STATEMENT)
    assert repeated(made, day).outcome is Outcome.LAUNCHED


@pytest.mark.databases("sqlite")
def test_a_corrected_calendar_greets_nobody_twice_in_a_year(author: User) -> None:
    there = firm(author)
    wrong = GreetingDay(name="春节", day=DAY + timedelta(days=2))
    db.session.add(wrong)
    made = rule(author, Trigger.FESTIVAL, festival="春节", days=3)
    assert services.run(made, DAY) is not None
    assert turns() == {(there.id, "2026")}
    wrong.day = DAY + timedelta(days=6)
    assert again(made, DAY + timedelta(days=5)) is None
    db.session.add(GreetingDay(name="春节", day=DAY + timedelta(days=365)))
    assert again(made, DAY + timedelta(days=364)) is not None


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


def test_a_rule_that_could_send_nothing_is_not_written_and_a_paused_one_gives_no_turn(author: User) -> None:
    year: dict[str, Any] = {"template": "base_adjustment", "deadline_days": 5}
    wrongs: tuple[dict[str, Any], ...] = (
        {"template": "arrears_deadline"}, {"trigger": Trigger.FESTIVAL}, year,
        year | {"template_values": {"year": "今年"}}, year | {"template_values": {"year": "2026{"}},
    )  # fmt: skip
    for wrong in wrongs:
        with pytest.raises(DomainError):
            rule(author, **{"trigger": Trigger.NEW_ARREARS} | wrong)
    assert db.session.scalars(select(Rule.id)).all() == []
    case(firm(author), STATEMENT)
    made = rule(author, Trigger.NEW_ARREARS, template_values={"year": "2026"}, **year)
    services.pause(made, True)
    assert again(made, today()) is None
    services.pause(made, False)
    assert repeated(made, today()).outcome is Outcome.DRAFTED


def test_who_is_left_out_for_the_moment_keeps_the_turn(author: User) -> None:
    """And while there is nobody to reach, there is no campaign to nobody, and no task about one."""
    numberless = create_employer(author.branch)
    case(numberless, STATEMENT)
    made = rule(author, Trigger.NEW_ARREARS)
    assert services.run(made, DAY) is None
    assert (made.looked_on, turns(), db.session.scalars(select(Task.id)).all()) == (DAY, set(), [])
    assert db.session.scalars(select(Campaign.id)).all() == db.session.scalars(select(Run.id)).all() == []
    other = firm(author)
    case(other, STATEMENT)
    first = again(made, DAY + timedelta(days=1))
    assert first is not None and reached(first) == {other.id}
    assert again(made, DAY + timedelta(days=2)) is None  # still without a number
    create_contact(numberless, mobile="13800000001")
    second = again(made, DAY + timedelta(days=3))
    assert second is not None and reached(second) == {numberless.id}
    assert {employer for employer, _occasion in turns()} == {numberless.id, other.id}
    assert again(made, DAY + timedelta(days=4)) is None
    # the first campaign no longer has the one that the second one speaks to
    assert first.campaign is not None and drafting.reckon_again(first.campaign)
    assert reached(first) == {other.id} and first.campaign.audience_size == 1


def reached(run: Run) -> set[int]:
    query = select(AudienceMember.employer_id)
    mine = AudienceMember.campaign_id == run.campaign_id
    return set(db.session.scalars(query.where(mine, AudienceMember.excluded.is_(None))))


@pytest.mark.databases("sqlite")
def test_each_new_handler_is_an_occasion_in_whatever_order_they_were_entered(author: User) -> None:
    firm_ = create_employer(author.branch)
    for days in (20, 0):  # the first one is entered before, and begins after the second one
        person = create_contact(firm_, mobile=f"1380000{days:04d}")
        link = select(EmployerContact).where(EmployerContact.contact_id == person.id)
        db.session.scalars(link).one().since = DAY + timedelta(days=days)
    made = rule(author, Trigger.NEW_HANDLER, days=3)
    assert services.run(made, DAY) is not None
    assert again(made, DAY + timedelta(days=1)) is None
    assert again(made, DAY + timedelta(days=20)) is not None
    assert len(turns()) == 2


@pytest.mark.databases("sqlite")
def test_every_new_handler_of_an_employer_is_written_to_and_nobody_in_their_place(author: User) -> None:
    firm_, other = firm(author), create_employer(author.branch)
    first, second, later = (
        create_contact(firm_, mobile=mobile) for mobile in ("13800000001", "13800000002", None)
    )
    db.session.add(EmployerContact(employer_id=other.id, contact_id=first.id, role=ContactRole.HANDLER))
    db.session.flush()
    new = EmployerContact.contact_id.in_((first.id, second.id, later.id))
    db.session.execute(update(EmployerContact).where(new).values(since=DAY))
    made = rule(author, Trigger.NEW_HANDLER, days=9)
    run = services.run(made, DAY)
    assert run is not None and run.campaign is not None and run.employers == 2
    query = select(AudienceMember).where(AudienceMember.campaign_id == run.campaign_id)
    found = {(one.employer_id, one.contact_id): one for one in db.session.scalars(query)}
    assert {who: one.excluded for who, one in found.items()} == {
        (firm_.id, first.id): None,
        (firm_.id, second.id): None,
        (firm_.id, later.id): Exclusion.NO_MOBILE,
        (other.id, first.id): Exclusion.MERGED,
    }
    assert found[other.id, first.id].merged_into_id == found[firm_.id, first.id].id
    drafting.submit(run.campaign, author)
    assert run.campaign.audience_hash == stored_audience_fingerprint(run.campaign.id)
    assert again(made, DAY) is None
    later.mobile = "13800000003"
    db.session.flush()
    made_up_for = repeated(made, DAY)
    assert made_up_for.campaign is not None
    members = select(AudienceMember.contact_id).where(AudienceMember.campaign_id == made_up_for.campaign_id)
    assert db.session.scalars(members).all() == [later.id]


@pytest.mark.databases("sqlite")
def test_a_run_on_a_day_off_waits_for_its_hour_of_the_next_working_day(author: User) -> None:
    saturday = date(2026, 11, 28)
    owing = {"arrears_months": 1, "paid_through": STATEMENT + -1, "monthly_amount": 1200}
    case(firm(author, **owing), STATEMENT)
    made = rule(author, Trigger.NEW_ARREARS, "arrears_deadline", deadline_days=7, spread_hours=3)
    with time_machine.travel(datetime(2026, 11, 28, 8, tzinfo=SHANGHAI), tick=False):
        run = services.run(made, saturday)
    assert run is not None and run.campaign is not None
    monday = datetime(2026, 11, 30, 9, tzinfo=SHANGHAI)
    assert (run.campaign.send_from, run.campaign.send_until) == (monday, monday + timedelta(hours=3))
    assert run.campaign.deadline == date(2026, 12, 7)


@pytest.mark.databases("sqlite")
def test_a_statement_is_answered_when_it_comes_and_the_owner_learns_of_a_refusal(
    app: Flask, author: User
) -> None:
    case(firm(author), STATEMENT)
    made = rule(author, Trigger.NEW_ARREARS)
    word = words.forbid("佳节", "", "")
    made.looked_on = today()
    db.session.commit()
    for spec in ("payroll", "statement"):
        assert db.session.scalars(select(Run.id)).all() == []
        with run_inline():
            signals.import_applied.send(ImportBatch(spec=spec))
            db.session.commit()
    assert db.session.scalars(select(Run.outcome)).all() == [Outcome.REFUSED]
    assert turns() == set() and db.session.scalars(select(Campaign)).all() == []
    again(made, today())
    task = db.session.scalars(select(Task)).one()  # asked once
    with app.test_request_context():
        assert (task.owner_id, page_of_source(task)) == (author.id, f"/campaigns/rules/{made.id}")
    assert "佳节" in task.note
    db.session.delete(word)
    with run_inline():
        signals.import_applied.send(ImportBatch(spec="statement"))
        signals.import_applied.send(ImportBatch(spec="statement"))
        db.session.commit()
    outcomes = [Outcome.REFUSED, Outcome.REFUSED, Outcome.DRAFTED]
    assert db.session.scalars(select(Run.outcome).order_by(Run.id)).all() == outcomes
    db.session.refresh(task)
    assert task.state == "done"


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


@pytest.mark.databases("sqlite")
def test_the_form_asks_only_for_what_trigger_and_wording_need(client: FlaskClient, author: User) -> None:
    sign_in(client, author)
    address = "/campaigns/rules/new"
    assert 'for="days"' not in client.get(address).text, "each statement is an occasion of itself"
    ending = client.get(f"{address}?trigger=relief_ending").text
    assert ("缓缴降比到期前天数" in ending, 'for="festival"' in ending) == (True, False)
    festive = client.get(f"{address}?trigger=festival").text
    assert ("节日前天数" in festive, 'for="festival"' in festive) == (True, True)
    asking = named("arrears_deadline"), named("base_adjustment"), named("event_invitation")
    assert all(asking), "the shipped wordings"
    one, other, of_events = (version.id for version in asking if version)
    for chosen, hidden in ((one, other), (other, one)):
        page = client.get(f"{address}?version={chosen}").text
        assert f'name="value:{hidden}:' not in page
    assert f'<option value="{of_events}"' not in client.get(address).text, "an event fills it in itself"


def test_a_rule_by_letter_drafts_and_launches_what_was_approved_and_no_other_wording(
    client: FlaskClient, author: User, head: User
) -> None:
    version = wording("handler_change")
    found = create_addressed(author.branch, 1, address="港区路1号")
    homeless = create_addressed(author.branch, 2, address="")
    second_one = create_contact(found, mobile=None)
    db.session.execute(update(EmployerContact).values(since=today()))
    new_ones = db.session.scalars(
        select(EmployerContact.contact_id).where(EmployerContact.employer_id == found.id)
    ).all()
    db.session.commit()
    assert second_one.id in new_ones and len(new_ones) == 2
    sign_in(client, author)
    place = f"/campaigns/rules/new?outline={version.id}"
    assert f"outline={version.id}" in client.get("/campaigns/rules/new/letter").text
    assert client.get(place).status_code == 200
    effective = f"value:{version.id}:effective"
    filled = {
        "name": "新任经办人函", "trigger": "new_handler", "days": "5", "segment_id": "0",
        "deadline_days": "0", "version": str(version.id), "contact_order": "employer", "frequency_days": "0",
        "most_recipients": "200", "festival": "",
    }  # fmt: skip
    assert client.post(place, data=filled).status_code == 422
    assert client.post(place, data=filled | {effective: "哪天"}).status_code == 422
    page = client.post(place, data=filled | {effective: "2026-12-05"}).location
    assert version.title in client.get(page).text
    assert "2026-12-05" in client.get(f"{page}/edit").text
    assert client.get("/campaigns/rules").status_code == 200
    made = db.session.scalars(select(Rule)).one()
    services.approve(made, head, seal(made))
    run = services.run(made, today())
    assert run is not None and run.outcome is Outcome.LAUNCHED, run
    assert run.campaign is not None and run.campaign.letter_version_id == version.id
    assert run.campaign.letter is not None and run.campaign.letter["values"]["effective"] == "2026年12月5日"
    assert reached(run) == {found.id}
    planned = select(Message.contact_id).where(
        Message.campaign_id == run.campaign_id, Message.reason.is_(None)
    )
    planning.plan_chunk(run.campaign, 0)
    assert set(db.session.scalars(planned)) == set(new_ones)  # each new handler has a letter
    assert again(made, today()) is None
    homeless.address = "港区路2号"
    newer = {"title": "另一个标题", "text": version.text, "enclosures": [], "variables": version.variables}
    db.session.add(LetterVersion(template_id=version.template_id, number=9, valid_from=today(), **newer))
    db.session.flush()
    db.session.expire(version.template)
    second = repeated(made, today())
    assert (second.outcome, reached(second)) == (Outcome.DRAFTED, {homeless.id})
    assert second.campaign is not None and second.campaign.template_text.startswith("另一个标题")
