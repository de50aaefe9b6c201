"""Closing an account and reopening it, and the firms that are gone and still have one."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError
from app.core.periods import Period
from app.core.permissions import Role
from app.core.workflow import transition
from app.employers.models import Stage
from app.lifecycle.services import help_to_close
from app.lifecycle.workflow import LIFECYCLE
from app.relief.models import ReliefDecision, ReliefKind, ReliefState
from app.tasks.models import Task, TaskState
from tests.factories import create_contact, create_employer, create_user


def test_an_account_is_closed_when_nothing_is_left_on_it_and_reopened_with_a_reason(app: Flask) -> None:
    user = create_user(Role.SPECIALIST)
    employer = create_employer(
        user.branch, stage=Stage.CLOSING, heads=2, arrears_months=1, account_balance=Decimal("12.50"),
        owner_id=user.id, uscc="91000000000020016R",
    )  # fmt: skip
    create_contact(employer, mobile="13800138000")
    decision = ReliefDecision(
        employer=employer, kind=ReliefKind.DEFERMENT, from_month=Period(2026, 1), to_month=Period(2026, 6),
        state=ReliefState.OVERDUE,
    )  # fmt: skip
    db.session.add(decision)
    with pytest.raises(DomainError) as refusal:
        transition(LIFECYCLE, employer, "close", user)
    assert len(refusal.value.reasons) == 4  # arrears, employees, balance, what was deferred
    employer.heads = employer.arrears_months = 0
    employer.account_balance, decision.state = Decimal(0), ReliefState.MADE_UP
    transition(LIFECYCLE, employer, "close", user)
    with pytest.raises(DomainError):
        transition(LIFECYCLE, employer, "reopen_account", user)
    answers = {"account_opened_on": today(), "reason": "恢复经营"}
    transition(LIFECYCLE, employer, "reopen_account", user, answers=answers)
    assert (employer.stage.value, employer.account_opened_on) == ("registered", today())


def test_firms_that_are_gone_are_helped_once_until_their_account_is_closed(app: Flask) -> None:
    owner = create_user(Role.SPECIALIST)
    fields: dict[str, Any] = {"branch": owner.branch, "owner_id": owner.id}
    lately = today() - timedelta(days=3)
    gone = create_employer(stage=Stage.SEALED, operating_status="05", operating_status_as_of=lately, **fields)
    create_employer(stage=Stage.CLOSED, operating_status="05", **fields)
    create_employer(stage=Stage.PROSPECT, operating_status="04", **fields)
    create_employer(stage=Stage.CONTRIBUTING, operating_status="01", **fields)
    help_to_close()
    help_to_close()
    task = db.session.scalars(select(Task).where(Task.kind == "closing_help")).one()
    assert (task.employer_id, task.owner_id, task.state) == (gone.id, owner.id, TaskState.OPEN)
    assert task.due_on >= lately + timedelta(days=30)
    gone.stage = Stage.CLOSED
    help_to_close()
    db.session.refresh(task)
    assert task.state is TaskState.DONE
