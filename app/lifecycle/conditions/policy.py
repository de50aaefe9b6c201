"""What must hold before a stage changes: guards look at the employer, checks at the answers of the step."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.permissions import Actor
from app.core.workflow.engine import Reason
from app.employers.models import ContactRole, Employer
from app.lifecycle.closing.queries import account_of
from app.lifecycle.liability.queries import ALL, agreed_share
from app.lifecycle.policy import GONE


def is_eligible(employer: Employer, _actor: Actor | None) -> Reason | None:
    return None if employer.eligible else _l("It is marked as not obliged to contribute.")


def still_exists(employer: Employer, _actor: Actor | None) -> Reason | None:
    """A firm whose licence was revoked, or that was deregistered, opens no account."""
    if employer.operating_status not in GONE:
        return None
    return _l(
        "It is revoked or deregistered: no account is opened for it. "
        "Correct its operating status with a source if the firm goes on."
    )


def has_code(employer: Employer, _actor: Actor | None) -> Reason | None:
    return None if employer.uscc else _l("Its unified social credit code is missing: add it to its facts.")


def has_owner(employer: Employer, _actor: Actor | None) -> Reason | None:
    return None if employer.owner_id else _l("Nobody owns it yet: assign a specialist.")


def has_handler_with_mobile(employer: Employer, _actor: Actor | None) -> Reason | None:
    handlers = [link for link in employer.contacts if link.role is ContactRole.HANDLER and link.until is None]
    if not handlers:
        return _l("It has no handler: add one to its contacts.")
    if not any(link.contact.mobile for link in handlers):
        return _l("Its handler has no mobile number.")
    return None


def opened_after_establishment(employer: Employer, answers: Mapping[str, Any]) -> Reason | None:
    day, established = answers.get("account_opened_on"), employer.established_on
    if day is None or established is None or day >= established:
        return None
    return _l(
        "The firm was established on %(day)s: its account was opened later.", day=established.isoformat()
    )


def reopened_after_closing(employer: Employer, answers: Mapping[str, Any]) -> Reason | None:
    day, closed = answers.get("account_opened_on"), employer.account_closed_on
    if day is None or closed is None or day >= closed:
        return None
    return _l("The account was closed on %(day)s: it is reopened later.", day=closed.isoformat())


def closed_after_opening(employer: Employer, answers: Mapping[str, Any]) -> Reason | None:
    day, opened = answers.get("account_closed_on"), employer.account_opened_on
    if day is None or opened is None or day >= opened:
        return None
    return _l("The account was opened on %(day)s: it is closed later.", day=opened.isoformat())


def signed_after_opening(employer: Employer, answers: Mapping[str, Any]) -> Reason | None:
    day, opened = answers.get("online_signed_on"), employer.account_opened_on
    if day is None or opened is None or day >= opened:
        return None
    return _l("It cannot sign before its account was opened.")


def has_no_arrears(employer: Employer, _actor: Actor | None) -> Reason | None:
    if employer.arrears_months == 0:
        return None
    return _l("%(months)s months are still unpaid.", months=employer.arrears_months)


def arrears_are_answered_for(employer: Employer, actor: Actor | None) -> Reason | None:
    """Nothing is unpaid, or it is fixed in writing who answers for all of it after a merger or division."""
    reason = has_no_arrears(employer, actor)
    if reason is None or agreed_share(employer.id) == ALL:
        return None
    return reason


def has_no_employees(employer: Employer, _actor: Actor | None) -> Reason | None:
    """Those of the last statement who were neither transferred nor sealed since, as it is recorded."""
    left = account_of(employer).left if employer.heads else 0
    if not left:
        return None
    return _l("%(heads)s employees are still on the account: transfer or seal them.", heads=left)


def has_no_balance(employer: Employer, _actor: Actor | None) -> Reason | None:
    """Asked only where the balance is known: not every statement tells it."""
    if not employer.account_balance:
        return None
    return _l(
        "%(amount)s yuan are still on the account: allocate or return them.",
        amount=f"{employer.account_balance:,.2f}",
    )
