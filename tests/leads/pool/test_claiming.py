"""Whose a lead is: claimed within a capacity, refused beyond it, and taken back when it lies."""

import re
from datetime import date, timedelta
from html import unescape
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import func, select, update

from app.accounts.models import User
from app.core.clock import local, now, today
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.listing.runs import ListRunRow
from app.core.options import set_value
from app.core.permissions import Role
from app.core.rules.workdays import add_working_days
from app.core.timeline import TimelineEntry
from app.employers.models import Employer, Stage
from app.employers.services import assign
from app.leads.ledger.models import Lead
from app.leads.pool import services
from app.leads.pool.policy import CAPACITY, WARN_DAYS
from app.leads.pool.queries import held_by
from app.lifecycle.onboarding.models import OpeningState
from app.lifecycle.onboarding.services.beginning import begin
from app.outreach.models import Outcome, VisitKind
from app.outreach.services import Account, log_visit
from app.tasks.models import Task, TaskState
from app.tasks.services import complete
from tests.factories import create_branch, create_employer, create_user, sign_in

LONG_AGO = date(2020, 1, 1)


@pytest.fixture
def li(app: Flask) -> User:
    return create_user(Role.SPECIALIST, name="李专员")


def owned(user: User, **fields: object) -> Employer:
    return create_employer(user.branch, owner_id=user.id, **fields)


def lies(firm: Employer) -> None:
    db.session.execute(update(Lead).where(Lead.employer_id == firm.id).values(claimed_on=LONG_AGO))
    db.session.expire_all()


def test_a_specialist_claims_a_lead_of_the_pool_until_the_capacity_is_reached(li: User) -> None:
    services.set_capacity(li, 2)
    for _number in range(2):
        firm = create_employer(li.branch)
        services.claim(firm, li)
        assert firm.owner is li
    stay = db.session.scalars(select(Lead).where(Lead.employer_id == firm.id)).one()
    assert stay.claimed_on == today()
    third = create_employer(li.branch)
    with pytest.raises(DomainError, match="已认领2户，上限2户"), db.session.begin_nested():
        services.claim(third, li)
    # what has an account takes no place
    contributing = create_employer(li.branch, stage=Stage.CONTRIBUTING)
    assign(contributing, li, None, li)


def test_who_comes_later_is_told_who_was_quicker(li: User) -> None:
    zhao = create_user(Role.SPECIALIST, branch=li.branch)
    firm = owned(li)
    with pytest.raises(Conflict, match="李专员"):
        services.claim(firm, zhao)
    with pytest.raises(DomainError):
        services.claim(create_employer(li.branch, stage=Stage.CONTRIBUTING), zhao)
    with pytest.raises(DomainError):
        services.give_back(firm, "不在辖区", zhao)


def test_many_are_assigned_as_far_as_the_capacity_goes_and_each_row_says_so(
    client: FlaskClient, li: User
) -> None:
    manager = create_user(Role.MANAGER, branch=li.branch)
    set_value(CAPACITY, 2)
    for _number in range(3):
        create_employer(li.branch)
    stays = list(db.session.scalars(select(Lead.id).order_by(Lead.id)))
    sign_in(client, manager)
    data = {"do": "bulk:assign", "ids": stays, "confirmed": "1", "expected": "3", "owner_id": li.id}
    answer = client.post("/leads", data=data)
    assert answer.status_code in (200, 303), answer.get_data(as_text=True)
    db.session.expire_all()
    assert held_by(li.id) == 2
    rows = db.session.scalars(select(ListRunRow).order_by(ListRunRow.id)).all()
    assert [bool(row.reason) for row in rows] == [False, False, True]


def test_the_door_is_shut_to_other_branches_and_roles(client: FlaskClient, li: User) -> None:
    firm = create_employer(li.branch)
    sign_in(client, create_user(Role.SPECIALIST))
    assert client.post(f"/leads/pool/{firm.id}/claim").status_code == 404
    sign_in(client, create_user(Role.ENFORCEMENT_OFFICER, branch=li.branch))
    assert client.post(f"/leads/pool/{firm.id}/claim").status_code == 403
    sign_in(client, li)
    assert client.get(f"/leads/pool/capacity/{li.id}").status_code == 403
    assert client.post(f"/leads/pool/{firm.id}/claim").status_code == 303
    assert client.post(f"/leads/pool/{firm.id}/give-back", data={"reason": ""}).status_code == 422
    assert client.post(f"/leads/pool/{firm.id}/give-back", data={"reason": "另有分工"}).status_code == 303
    told = db.session.scalars(select(TimelineEntry.summary).where(TimelineEntry.employer_id == firm.id)).all()
    assert services.GIVEN_BACK in told
    sign_in(client, create_user(Role.MANAGER, branch=li.branch))
    assert client.post(f"/leads/pool/capacity/{li.id}", data={"capacity": "7"}).status_code == 303
    assert client.post(f"/leads/pool/capacity/{li.id}", data={"capacity": "-1"}).status_code == 422
    assert "李专员" in client.get("/leads/pool").get_data(as_text=True)


def test_a_lead_that_lies_is_warned_of_first_and_then_goes_back(li: User) -> None:
    firm, fresh = owned(li), owned(li)
    lies(firm)
    assert services.mind_idle() == (1, 0)
    task = db.session.scalars(select(Task)).one()
    due = add_working_days(today(), WARN_DAYS.value(), provisional=True)
    assert (task.owner_id, task.due_on, task.employer_id) == (li.id, due, firm.id)
    assert services.mind_idle() == (0, 0)
    lies(second := owned(li))
    assert services.mind_idle() == (1, 0)
    assert {one.employer_id for one in db.session.scalars(select(Task))} == {firm.id, second.id}
    task.due_on, task.first_due_on = today() + timedelta(days=90), today()  # put off: of no avail
    # its account is being opened, or is still to be recorded: its owner goes on with it
    begin(second, li).state = OpeningState.APPROVED
    assert services.mind_idle() == (0, 1)
    assert firm.owner is None and second.owner_id == li.id
    assert fresh.owner_id == li.id
    assert task.state is TaskState.CANCELLED
    assert services.mind_idle() == (0, 0)
    told = select(TimelineEntry.summary).where(TimelineEntry.employer_id == firm.id)
    assert services.RETURNED in db.session.scalars(told).all()


def test_the_number_of_those_that_lie_leads_to_them(client: FlaskClient, li: User) -> None:
    lies(firm := owned(li, name="久未联系公司"))
    spoken, fresh = owned(li, name="刚联系过公司"), owned(li, name="新认领公司")
    lies(spoken)
    spoken.last_contact_on = today()
    db.session.commit()
    sign_in(client, li)
    address = unescape(re.findall(r'href="(/leads\?[^"]*lead_lies[^"]*)"', client.get("/leads/pool").text)[0])
    page = client.get(address).text
    assert firm.name in page and spoken.name not in page and fresh.name not in page
    sign_in(client, create_user(Role.MANAGER, branch=li.branch))
    book = load_workbook(BytesIO(client.get("/leads/pool/workbook").data)).worksheets[0]
    assert ("李专员", 3, 40, 37, 0, 1) in list(book.values)
    others = client.get(address.replace("lead_lies.yes", "lead_lies.no")).text
    assert firm.name not in others and spoken.name in others and fresh.name in others


def test_ticking_the_warning_off_without_a_word_with_the_firm_keeps_no_lead(li: User) -> None:
    firm = owned(li)
    lies(firm)
    services.mind_idle()
    task = db.session.scalars(select(Task)).one()
    complete(task, li, "知道了")
    assert services.mind_idle() == (0, 0)  # its time still runs, and no second one is given
    task.due_on = today()
    assert services.mind_idle() == (0, 1)
    assert (firm.owner, task.state) == (None, TaskState.DONE)
    services.claim(firm, li)
    lies(firm)
    db.session.execute(update(Lead).values(claimed_on=today() - timedelta(days=200)))
    task.created_at = now() - timedelta(days=300)
    assert services.mind_idle() == (1, 0)  # whoever takes it up again is warned anew


def test_a_firm_that_is_revoked_is_nobodys_to_claim(li: User) -> None:
    with pytest.raises(DomainError):
        services.claim(create_employer(li.branch, operating_status="04"), li)


def test_a_word_with_the_firm_ends_the_warning(li: User) -> None:
    firm = owned(li)
    lies(firm)
    services.mind_idle()
    moment = now() - timedelta(minutes=5)
    log_visit(firm, Account(VisitKind.VISIT, moment, Outcome.INFORMED), li)
    assert services.mind_idle() == (0, 0)
    task = db.session.scalars(select(Task).where(Task.kind == services.WARNING)).one()
    assert task.state is TaskState.CANCELLED
    stay = db.session.scalars(select(Lead)).one()
    assert stay.contacted_on == stay.met_on == local(moment).date()
    assert firm.owner_id == li.id


def test_a_lead_is_nobodys_of_another_branch(li: User) -> None:
    with pytest.raises(DomainError):
        services.claim(create_employer(create_branch()), li)


@pytest.mark.databases("sqlite")
def test_what_is_claimed_or_given_back_for_many_leads_can_be_taken_back(
    client: FlaskClient, li: User
) -> None:
    sign_in(client, li)
    firm = create_employer(li.branch)
    db.session.commit()

    def act(name: str, **answers: str) -> str:
        chosen = {
            "do": f"bulk:{name}",
            "rows": "chosen",
            "ids": str(firm.id),
            "confirmed": "1",
            "expected": "1",
        }
        assert client.post("/employers", data={**chosen, **answers}).status_code == 303
        db.session.expire_all()
        return f"/runs/{db.session.scalars(select(func.max(ListRunRow.run_id))).one()}/undo"

    def owner() -> int | None:
        return db.session.scalar(select(Employer.owner_id).where(Employer.id == firm.id))

    claimed = act("claim")
    assert owner() == li.id
    given_back = act("give_back", reason="不在辖区")
    assert owner() is None
    for undo, before in ((given_back, li.id), (claimed, None)):
        assert client.post(undo).status_code == 303
        assert owner() == before
