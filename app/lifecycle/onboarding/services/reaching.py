"""The two milestones that nobody else tells of."""

from datetime import date

from flask_babel import lazy_gettext as _l

from app.core import timeline
from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError
from app.core.language.i18n import msgid
from app.core.permissions import Actor
from app.employers.models import Employer
from app.lifecycle.onboarding.policy import KIND

ACCOUNTS_SET_UP = msgid("Employee accounts set up")
EMPLOYEE_ADDED = msgid("First employee added")


def record(employer: Employer, accounts_on: date | None, employee_on: date | None, actor: Actor) -> int:
    """The two milestones that nobody else tells of; gives how many are new."""
    told = 0
    for name, day, summary in (
        ("employee_accounts_on", accounts_on, ACCOUNTS_SET_UP),
        ("first_employee_added_on", employee_on, EMPLOYEE_ADDED),
    ):
        if day is None or getattr(employer, name) == day:
            continue
        if employer.account_opened_on is None:
            raise DomainError(_l("Its account is not open yet: record the opening first."))
        if not employer.account_opened_on <= day <= today():
            raise DomainError(
                _l(
                    "A milestone lies between the opening on %(day)s and today.",
                    day=employer.account_opened_on.isoformat(),
                )
            )
        setattr(employer, name, day)
        timeline.record(employer.id, KIND, summary, params={"comment": day.isoformat()}, actor=actor)
        told += 1
    db.session.flush()
    return told
