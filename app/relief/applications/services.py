"""Entering and correcting applications for relief; the steps between are the workflow's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core import timeline
from app.core.db import db
from app.core.errors import DomainError
from app.core.permissions import Actor
from app.core.workflow.acts import demand
from app.employers.models import Employer
from app.relief.applications.models import ReliefApplication
from app.relief.applications.workflow import CORRECTED, EDIT, ENTERED
from app.relief.models import ReliefKind
from app.relief.policy import Rates, effect_of


@dataclass(frozen=True)
class Draft:
    """What a form says, by the names of the columns."""

    values: Mapping[str, Any]


def enter(employer: Employer, draft: Draft, actor: Actor) -> ReliefApplication:
    """Starts an application as a draft. An employer without an account has nothing to defer."""
    if not employer.employer_account_no:
        raise DomainError(_l("The employer has no account."))
    application = ReliefApplication(
        employer=employer,
        made_by_id=actor.id,
        present_employer_rate=employer.employer_rate,
        present_employee_rate=employer.employee_rate,
    )
    _fill(application, draft)
    db.session.add(application)
    db.session.flush()
    _tell(application, ENTERED, actor)
    return application


def _tell(application: ReliefApplication, what: str, actor: Actor) -> None:
    """The employer's story names who entered or corrected it."""
    timeline.record(
        application.employer_id,
        "relief",
        what,
        params={"first": str(application.from_month), "last": str(application.to_month)},
        actor=actor,
        endpoint="relief.show",
        link_id=application.id,
    )


def correct(application: ReliefApplication, draft: Draft, actor: Actor) -> None:
    """Changes a draft, or one that was returned; the estimate is made anew from the latest facts."""
    demand(application, EDIT.name, actor)
    application.present_employer_rate = application.employer.employer_rate
    application.present_employee_rate = application.employer.employee_rate
    _fill(application, draft)
    db.session.flush()
    _tell(application, CORRECTED, actor)


def _fill(application: ReliefApplication, draft: Draft) -> None:
    for name, value in draft.values.items():
        setattr(application, name, value)
    if ReliefKind.RATE_CUT not in application.kinds:
        application.employer_rate = application.employee_rate = None
    effect = effect_of(
        application.kinds,
        application.to_month - application.from_month + 1,
        application.heads,
        application.base,
        Rates(application.present_employer_rate, application.present_employee_rate),
        Rates(application.employer_rate, application.employee_rate),
    )
    application.deferred = effect.deferred
    application.employer_saves = effect.employer_saves
    application.employees_save = effect.employees_save
