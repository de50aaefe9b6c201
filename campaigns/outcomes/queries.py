"""Whose a task is by the table, for one employer or in a statement over many."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, null, select

from app.accounts.models import User, UserRole
from app.core.clock import today
from app.core.permissions import Role
from app.core.rules.workdays import add_working_days
from app.employers.models import Employer
from campaigns.outcomes.policy import RULES, Outcome, Who

#: the manager who has been in the employer's branch the longest
_LEADER = (
    select(func.min(User.id))
    .join(UserRole, UserRole.user_id == User.id)
    .where(User.branch_id == Employer.branch_id, User.active, UserRole.role == Role.MANAGER)
    .correlate(Employer)
    .scalar_subquery()
)
_OWNERS: dict[Who, ColumnElement[Any]] = {
    Who.OWNER: Employer.owner_id.expression,
    Who.BACKUP: func.coalesce(Employer.backup_owner_id, Employer.owner_id),
    Who.LEADER: func.coalesce(_LEADER, Employer.owner_id),
    Who.ANYBODY: null(),
}


def has_task(outcome: Outcome) -> bool:
    """Whether the department wants a task of it at all."""
    return Who(RULES[outcome].who.value()) is not Who.NO_TASK


def owner_of(outcome: Outcome) -> ColumnElement[Any]:
    """Whose the task is, in a statement over employers."""
    return _OWNERS.get(Who(RULES[outcome].who.value()), null()).label("owner_id")


def due_on(outcome: Outcome) -> date:
    """By when; a reminder, so it does not fail for a year whose holidays are not announced yet."""
    return add_working_days(today(), RULES[outcome].days.value(), provisional=True)
