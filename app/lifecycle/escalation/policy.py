"""Who takes which step, how long each may take, what the law says of it, and whom nobody pursues."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select

from app.core.escalating import Breach, Step
from app.core.options import Option
from app.core.permissions import Actor, Grantable
from app.employers.models import AccountStatus, Employer, Stage
from app.employers.policy import visible_to as employers_visible_to
from app.lifecycle.escalation.models import Escalation, SkipRequest
from app.lifecycle.policy import GONE


class Permission(Grantable):
    VIEW = "escalation:view", _l("See escalations from service to enforcement")
    WORK = "escalation:work", _l("Begin escalations; contact, visit and urge in them")
    ORDER = "escalation:order", _l("Record orders with a time limit, and propose penalties or the court")
    CONSENT = "escalation:consent", _l("Consent to steps being passed over, and stop escalations")
    APPROVE = "escalation:approve", _l("Approve penalties and applications to the court")


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The escalations of employers in the actor's reach."""
    return Escalation.employer_id.in_(select(Employer.id).where(employers_visible_to(actor)))


def skips_visible_to(actor: Actor | None) -> ColumnElement[bool]:
    """The requests in the escalations of the actor's reach."""
    return SkipRequest.escalation_id.in_(select(Escalation.id).where(visible_to(actor)))


_WORKING = _l("working days")
CONTACT_DAYS = Option("escalation.contact_days", _l("Escalation: contact within"), 3, 1, 60, _WORKING)
VISIT_DAYS = Option("escalation.visit_days", _l("Escalation: visit within"), 5, 1, 60, _WORKING)
URGE_DAYS = Option("escalation.urge_days", _l("Escalation: send the urge letter within"), 5, 1, 60, _WORKING)
LETTER_DAYS = Option(
    "escalation.letter_days", _l("An urge letter gives time for"), 10, 1, 120, _WORKING,
    _l("Unless the letter names a later day."),
)  # fmt: skip
ORDER_DAYS = Option(
    "escalation.order_days", _l("An order gives time for"), 7, 1, 120, _WORKING,
    _l("Unless the order names a later day; counted from the day on which it was served."),
)  # fmt: skip
DECIDE_DAYS = Option(
    "escalation.decide_days", _l("Escalation: decide on a proposal within"), 5, 1, 60, _WORKING
)
CONSENT_DAYS = Option(
    "escalation.consent_days", _l("Escalation: answer a request to pass steps over within"), 2, 1, 30,
    _WORKING,
)  # fmt: skip
FOLLOW_DAYS = Option(
    "escalation.follow_days", _l("Escalation: follow up a penalty or the court within"), 20, 1, 180, _WORKING,
)  # fmt: skip
LOOK_BACK = Option(
    "escalation.look_back_days",
    _l("Talks, visits, letters and messages count as evidence from before the beginning by"),
    30, 0, 180, _l("days"),
)  # fmt: skip
OPTIONS = (
    CONTACT_DAYS, VISIT_DAYS, URGE_DAYS, LETTER_DAYS, ORDER_DAYS, DECIDE_DAYS, CONSENT_DAYS, FOLLOW_DAYS,
    LOOK_BACK,
)  # fmt: skip

#: in the table of legal bases: what a step rests on
LAW: Mapping[Breach, Mapping[Step, tuple[str, ...]]] = {
    Breach.REGISTER: {
        **dict.fromkeys((Step.CONTACT, Step.VISIT, Step.URGE), ("register_in_time", "urge")),
        **dict.fromkeys((Step.ORDER, Step.PENALTY), ("order_to_register",)),
    },
    Breach.PAY: {
        **dict.fromkeys((Step.CONTACT, Step.VISIT, Step.URGE), ("pay_in_full", "urge")),
        **dict.fromkeys((Step.ORDER, Step.COURT), ("order_to_pay",)),
    },
}

_SPARED: Mapping[Stage, Any] = {
    Stage.ON_RELIEF: _l("Its contributions are deferred by an approval: it is not behind meanwhile."),
    Stage.SEALED: _l("Its account is sealed: there is nothing to pay."),
    Stage.CLOSING: _l("Its account is being closed: help it to close."),
    Stage.CLOSED: _l("Its account is closed."),
    Stage.DISMISSED: _l("The lead was dismissed: take it up again first."),
}
_SPARED_STATUS: Mapping[AccountStatus, Any] = {
    AccountStatus.DEFERRED: _SPARED[Stage.ON_RELIEF],
    AccountStatus.SEALED: _SPARED[Stage.SEALED],
    AccountStatus.CLOSED: _SPARED[Stage.CLOSED],
}


def objections_to_pursuit(employer: Employer) -> list[Any]:
    """Every reason why nobody pursues this employer now, whatever the matter."""
    found = _SPARED.get(employer.stage) or _SPARED_STATUS.get(employer.account_status or AccountStatus.OTHER)
    reasons = [found] if found else []
    if not employer.eligible:
        reasons.append(_l("It is marked as not obliged to contribute."))
    if employer.operating_status in GONE:
        reasons.append(_l("The firm is revoked or deregistered: help it to close its account instead."))
    return reasons
