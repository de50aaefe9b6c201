"""Beginning the file of an account opening, and what its approval leads to."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError

from app.accounts.models import User
from app.core import signals, timeline
from app.core.clock import today
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.language.i18n import msgid
from app.core.permissions import Actor
from app.core.rules.workdays import add_working_days
from app.core.workflow.engine import Move, Reason, Transition, Workflow
from app.core.workflow.engine import transition as take_step
from app.core.workflow.sets import SetMove
from app.employers.models import Employer, Stage
from app.employers.services import assign
from app.lifecycle.conditions.policy import still_exists
from app.lifecycle.onboarding import queries
from app.lifecycle.onboarding.models import Opening, OpeningState
from app.lifecycle.onboarding.policy import BEFORE_ACCOUNT, KIND, RECORD_DAYS, TO_OPEN
from app.lifecycle.onboarding.workflow import OPENING
from app.lifecycle.workflow import LIFECYCLE
from app.tasks import services as tasks

RECORD = "record_opening"

BEGUN = msgid("Account opening begun")
RECORD_IT = msgid("Record the account opening: its papers are approved")


def begin(employer: Employer, actor: Actor) -> Opening:
    """Opens the file of an account opening; a prospect is engaged by it. Conflict when one stands already."""
    _refuse_needless(employer)
    current = queries.current_opening(employer)
    if current is not None and current.state is OpeningState.APPROVED:
        raise Conflict(_l("Its papers are approved already: record the account opening."))
    _give_owner(employer, actor)
    if employer.stage is Stage.PROSPECT:
        # who prepares its papers talks with it; the account could not be recorded after the approval
        take_step(LIFECYCLE, employer, "engage", actor)
    opening = Opening(employer_id=employer.id, begun_on=today(), begun_by_id=actor.id)
    try:
        with db.session.begin_nested():
            db.session.add(opening)
    except IntegrityError:
        raise Conflict(_l("Somebody has begun this account opening already. Reload the page.")) from None
    timeline.record(
        employer.id, KIND, BEGUN, params={}, actor=actor, endpoint="onboarding.show", link_id=opening.id
    )
    return opening


def _refuse_needless(employer: Employer) -> None:
    if employer.stage is Stage.DISMISSED:
        raise DomainError(_l("The lead was dismissed: take it up again first."))
    if employer.stage not in TO_OPEN:
        raise DomainError(_l("Its account is open already: there is nothing to prepare."))
    if not employer.eligible:
        raise DomainError(_l("It is marked as not obliged to contribute."))
    if gone := still_exists(employer, None):
        raise DomainError(gone)


def _give_owner(employer: Employer, actor: Actor) -> None:
    """One specialist goes all the way with the employer: its owner, or else who begins."""
    if employer.owner is not None:
        return
    if employer.branch_id != actor.branch_id:
        raise DomainError(_l("It has no owner: assign one of its branch, who goes all the way with it."))
    assign(employer, db.session.get_one(User, actor.id), employer.backup_owner, actor)


def papers_approved(employer: Employer, _actor: Actor | None) -> Reason | None:
    """A guard of the registration and of the reopening: it takes papers that were checked, and the approval
    of somebody else.

    A statement that shows the account is evidence of its own, and asks for none.
    """
    opening = queries.current_opening(employer)
    if opening is None:
        return _l("No account opening was begun: begin one, so that its papers are checked and approved.")
    if opening.state is OpeningState.APPROVED:
        return None
    return _l("The papers of its account opening are not approved yet.")


@signals.after_transition.connect
def _ask_to_record(workflow: Workflow[Any], record: Any, move: Move | None = None, **_more: Any) -> None:
    if workflow is OPENING and move is not None and record.state is OpeningState.APPROVED:
        due_on = add_working_days(today(), RECORD_DAYS.value(), provisional=True)
        source = (OPENING.name, record.id)
        tasks.open_task(RECORD, RECORD_IT, due_on, employer=record.employer, source=source)


@signals.after_transition.connect
def _settle_recording(workflow: Workflow[Any], record: Any, move: Move | None = None, **_more: Any) -> None:
    if workflow is LIFECYCLE and move is not None and Stage(move.target) not in BEFORE_ACCOUNT:
        tasks.complete_of(record.id, RECORD)


@signals.after_transition.connect
def _end_openings(
    workflow: Workflow[Any],
    record: Any,
    move: Move | None = None,
    set_moves: Sequence[SetMove] | None = None,
    transition: Transition | None = None,
    **_more: Any,
) -> None:
    """What was to be opened for a lead that is dismissed, or an account that is closed, is off the table."""
    step = move.transition if move else transition
    if workflow is not LIFECYCLE or step is None or step.target not in ("dismissed", "closed"):
        return
    ids = [record.id] if move else [one.record_id for one in set_moves or ()]
    for opening in queries.standing_of(ids):
        take_step(OPENING, opening, "withdraw", None)


def settle_recorded() -> None:
    """A statement opens many accounts at once, past the steps of single employers."""
    for employer_id in queries.opened_since(RECORD):
        tasks.complete_of(employer_id, RECORD)
