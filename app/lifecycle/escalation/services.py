"""Beginning, passing on and ending escalations; steps are taken through the workflow."""

from collections.abc import Collection, Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.accounts.models import User
from app.core import signals, timeline
from app.core.clock import today
from app.core.db import among, db
from app.core.errors import Conflict, DomainError
from app.core.escalating import REACHED, Ending
from app.core.features import current_features
from app.core.language.i18n import msgid
from app.core.permissions import OFFICE, Actor
from app.core.rules.workdays import add_working_days
from app.core.workflow.acts import demand
from app.core.workflow.engine import Workflow, transition
from app.core.workflow.sets import SetMove, note_restored
from app.employers.models import Employer
from app.lifecycle.escalation import queries
from app.lifecycle.escalation.models import Escalation, EscalationState, SkipRequest
from app.lifecycle.escalation.skipping.workflow import SKIP
from app.lifecycle.escalation.workflow import ESCALATION, SKIPS
from app.tasks.models import DEADLINE, Task, TaskState

KIND = "escalation"
PASSED_ON = msgid("Escalation passed on from %(old)s to %(new)s")


def begin(employer: Employer, actor: Actor, reason: str, origin: str | None = None) -> Escalation:
    """Begins the way from service to enforcement, from the named matter or the first that allows it.

    DomainError with every reason when none does; Conflict when one is under way already.
    """
    if not reason.strip():
        raise DomainError(_l("Say why service alone does not lead on."))
    if queries.standing(employer.id) is not None:
        raise Conflict(_l("An escalation of this employer is under way already."))
    offer = _choose(queries.offers(employer), origin)
    holder = employer.owner if employer.owner and employer.owner.active else None
    one = Escalation(
        employer=employer,
        breach=offer.origin.breach,
        origin=offer.origin.name,
        matter_id=offer.matter_id,
        holder_id=holder.id if holder else actor.id,
        begun_on=today(),
        begun_by_id=actor.id,
        reason=reason.strip(),
    )
    try:
        with db.session.begin_nested():
            db.session.add(one)
    except IntegrityError:
        raise Conflict(_l("An escalation of this employer is under way already.")) from None
    transition(ESCALATION, one, "begin", actor, comment=one.reason)
    return one


def _choose(offers: list[queries.Offer], origin: str | None) -> queries.Offer:
    wanted = [one for one in offers if origin is None or one.origin.name == origin]
    if not wanted:
        raise DomainError(
            _l("There is nothing to pursue: it is neither behind, nor late with registering or accounts.")
        )
    for one in wanted:
        if not one.objections:
            return one
    reasons = list(dict.fromkeys(str(reason) for one in wanted for reason in one.objections))
    raise DomainError(_l("It cannot be escalated now:"), reasons)


def ask_skip(one: Escalation, target: str, reason: str, actor: Actor) -> SkipRequest:
    """Asks a second person to let steps be passed over; nothing moves until then."""
    demand(one, "ask_skip", actor)
    if target not in SKIPS.get(one.state.value, ()):
        raise DomainError(_l("From here it cannot go on there: choose one of the steps offered."))
    if not reason.strip():
        raise DomainError(_l("Say why steps are to be passed over."))
    if queries.open_skip(one.id) is not None:
        raise Conflict(_l("A request to pass steps over is waiting for an answer already."))
    skip = SkipRequest(
        escalation=one,
        target=EscalationState(target),
        reason=reason.strip(),
        asked_by_id=actor.id,
        asked_on=today(),
    )
    db.session.add(skip)
    transition(SKIP, skip, "ask", actor, comment=skip.reason)
    return skip


def pass_on(one: Escalation, holder: User, actor: Actor | None) -> None:
    """Gives the matter, with its open task, to a colleague of the branch."""
    if actor is not None:
        demand(one, "pass_on", actor)
    if not holder.active or holder.branch_id != one.branch_id or not holder.role_set & frozenset(OFFICE):
        raise DomainError(_l("Choose an active colleague of the same branch."))
    before = db.session.get(User, one.holder_id) if one.holder_id else None
    if before is not None and before.id == holder.id:
        return
    one.holder_id = holder.id
    _follow_holder(one)
    params = {"old": before.name if before else "—", "new": holder.name}
    timeline.record(
        one.employer_id, KIND, PASSED_ON, params=params, actor=actor, endpoint="escalation.show",
        link_id=one.id,
    )  # fmt: skip
    db.session.flush()


def _follow_holder(one: Escalation) -> None:
    deadline = (Task.kind == DEADLINE, Task.source_type == ESCALATION.name, Task.source_id == one.id)
    for task in db.session.scalars(select(Task).where(*deadline, Task.state == TaskState.OPEN)):
        task.owner_id = one.owner_id


# -- the matter's own facts ------------------------------------------------------------------------------


def mind(employer_ids: Collection[int] | None = None) -> int:
    """Ends escalations whose matter is over, and opens those again whose matter is; gives how many moved.

    Of these employers, or of all. A matter whose record is gone counts as fallen away.
    """
    moved = 0
    for origin in current_features().origins.values():
        found = _of_origin(origin.name, employer_ids)
        endings = origin.endings([one.matter_id for one in found]) if found else {}
        for one in found:
            moved += _follow(one, endings.get(one.matter_id))
    db.session.flush()
    return moved


def _of_origin(name: str, employer_ids: Collection[int] | None) -> list[Escalation]:
    """Open ones, and those that their matter had ended."""
    query = select(Escalation).where(
        Escalation.origin == name, Escalation.state.not_in((EscalationState.STOPPED, EscalationState.FOUND))
    )
    if employer_ids is not None:
        query = query.where(among(Escalation.employer_id, list(employer_ids)))
    return list(db.session.scalars(query.order_by(Escalation.id)))


def _follow(one: Escalation, ending: Ending | None) -> bool:
    if one.ended_on is None and ending is not None:
        _end(one, ending)
        return True
    if one.ended_on is not None and ending is None and queries.standing(one.employer_id) is None:
        _reopen(one)
        return True
    return False


def _end(one: Escalation, ending: Ending) -> None:
    name = "settle" if ending.outcome in REACHED else "lapse"
    if (skip := queries.open_skip(one.id)) is not None:
        transition(SKIP, skip, "overtake", None)
    evidence = {**ending.evidence, "outcome": ending.outcome.value}
    transition(ESCALATION, one, name, None, evidence=evidence)


def _reopen(one: Escalation) -> None:
    """A statement was taken back, or an employer fell behind by a correction: it stands where it stood."""
    source, target = one.state.value, one.ended_in or EscalationState.TO_CONTACT
    one.state, one.ended_on, one.outcome, one.ended_in = target, None, None, None
    deadline = ESCALATION.state(target.value).deadline
    if deadline is not None:
        one.due_on = add_working_days(today(), deadline.days, provisional=True)
    db.session.flush()
    note_restored(ESCALATION, [(SetMove(one.id, one.employer_id, source), target.value)])
    _follow_holder(one)


@signals.after_transition.connect
def _look_again(
    workflow: Workflow[Any],
    record: Any,
    set_moves: Iterable[SetMove] | None = None,
    **_more: Any,
) -> None:
    """Whenever a workflow that origins belong to has moved."""
    if workflow.name not in {origin.workflow for origin in current_features().origins.values()}:
        return
    ids = _employers_of(workflow, record, set_moves)
    known = set(db.session.scalars(select(Escalation.employer_id).distinct()))
    if touched := ids & known:
        mind(touched)


def _employers_of(workflow: Workflow[Any], record: Any, set_moves: Iterable[SetMove] | None) -> set[int]:
    if set_moves is not None:
        return {move.employer_id for move in set_moves if move.employer_id is not None}
    employer_id = workflow.employer_id(record)
    return set() if employer_id is None else {employer_id}
