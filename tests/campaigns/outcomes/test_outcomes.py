"""The table of outcomes: what a department sets there decides whose task it is, and by when."""

import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import User, UserRole
from app.core.clock import today
from app.core.db import db
from app.core.options import forget_values, set_value
from app.core.permissions import Role, Scope
from app.core.rules.workdays import add_working_days
from app.employers.models import Employer
from app.tasks.models import Task
from campaigns.gateways.protocol import FailureClass
from campaigns.ledger.models import Message, MessageState
from campaigns.ledger.services.settling import settle
from campaigns.outcomes.policy import RULES, Outcome, Who
from campaigns.outcomes.services import follow
from tests.campaigns.sending import planned_campaign
from tests.factories import create_branch, create_employer, create_user, sign_in

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def owner(app: Flask) -> User:
    return create_user(Role.SPECIALIST, branch=create_branch())


@pytest.mark.parametrize("who", list(Who))
def test_the_task_goes_to_whom_the_table_says(owner: User, who: Who) -> None:
    manager = create_user(Role.MANAGER, branch=owner.branch)
    backup = create_user(Role.SPECIALIST, branch=owner.branch)
    employer = create_employer(owner.branch, owner_id=owner.id, backup_owner_id=backup.id)
    set_value(RULES[Outcome.NO_ANSWER].who, who.value)
    set_value(RULES[Outcome.NO_ANSWER].days, 7)
    task = follow(Outcome.NO_ANSWER, employer, "请跟进", source=("campaign_step_run", 1))
    owners = {Who.OWNER: owner.id, Who.BACKUP: backup.id, Who.LEADER: manager.id}
    if who is Who.NO_TASK:
        assert task is None
    else:
        assert task is not None
        assert task.due_on == add_working_days(today(), 7, provisional=True)
        assert task.owner_id == owners.get(who)


def test_a_dead_number_follows_the_table_in_one_statement_too(owner: User) -> None:
    campaign = planned_campaign(2, branch=owner.branch)
    for employer in db.session.scalars(select(Employer)):
        employer.owner_id = owner.id
    set_value(RULES[Outcome.DEAD_NUMBER].who, Who.LEADER.value)
    settle(MessageState.FAILED, Message.campaign_id == campaign.id, reason=FailureClass.DEAD_NUMBER)
    tasks = db.session.scalars(select(Task).where(Task.kind == "verify_contact")).all()
    managers = select(UserRole.user_id).where(UserRole.role == Role.MANAGER)
    assert len(tasks) == 2
    assert {task.owner_id for task in tasks} <= set(db.session.scalars(managers))


def test_the_head_sets_the_table_and_others_only_look(client: FlaskClient, owner: User) -> None:
    sign_in(client, owner)
    page = html.unescape(client.get("/settings/outcomes").text)
    assert "手机号码为空号" in page
    assert "<select" not in page.partition("<main")[2]
    assert client.post("/settings/outcomes", data={"outcomes-reply_days": "9"}).status_code == 403
    sign_in(client, create_user(Role.BRANCH_HEAD, branch=create_branch(parent=owner.branch)))
    assert client.post("/settings/outcomes", data={"outcomes-reply_days": "9"}).status_code == 403
    head = create_user(Role.BRANCH_HEAD, branch=owner.branch, scope=Scope.BRANCH_AND_BELOW)
    sign_in(client, head)
    page = client.get("/settings/outcomes").text
    shown = re.search(r'name="shown"[^>]*value="([^"]*)"', page)
    assert shown
    data = {
        "shown": html.unescape(shown[1]),
        "outcomes-reply_days": "9",
        "outcomes-reply_who": str(Who.LEADER.value),
    }
    assert client.post("/settings/outcomes", data=data | {"outcomes-reply_days": "0"}).status_code == 422
    assert client.post("/settings/outcomes", data=data).status_code == 303
    forget_values()
    rule = RULES[Outcome.REPLY]
    assert (rule.days.value(), rule.who.value()) == (9, Who.LEADER)
