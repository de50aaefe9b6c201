"""Claiming leads, giving them back, and taking back those that lie."""

from collections.abc import Mapping, Sequence
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select, update

from app.accounts.models import User
from app.core import signals, timeline
from app.core.clock import local, today
from app.core.db import among, db
from app.core.errors import Conflict, DomainError
from app.core.language.i18n import msgid
from app.core.permissions import Actor
from app.core.rules.workdays import add_working_days
from app.employers import services as employers
from app.employers.models import Employer
from app.leads.ledger.models import Lead
from app.leads.ledger.policy import GONE, STAGES
from app.leads.pool.models import LeadCapacity
from app.leads.pool.policy import IDLE_DAYS, MOST, WARN_DAYS
from app.leads.pool.queries import capacity_of, held_by, idle_before, lying_leads
from app.tasks import services as tasks
from app.tasks.models import Task, TaskState

KIND = "lead"
WARNING = "idle_lead"
WARNED = msgid("Speak to the firm, or the lead goes back to the pool")
RETURNED = msgid("Back in the pool: no contact for %(days)s working days")
GIVEN_BACK = msgid("Given back to the pool: %(reason)s")
SPOKEN = msgid("The lead was worked on or is gone")


def claim(employer: Employer, actor: Actor) -> None:
    """Takes a lead that nobody has; Conflict when somebody was quicker, DomainError beyond one's capacity."""
    _refuse_no_lead(employer)
    if employer.operating_status in GONE:
        raise DomainError(_l("The firm is revoked or deregistered: it does not stand in the lead ledger."))
    if employer.owner_id == actor.id:
        raise DomainError(_l("This lead is yours already."))
    if employer.owner is not None:
        raise Conflict(_l("%(name)s has this lead. Ask a leader to pass it on.", name=employer.owner.name))
    employers.assign(employer, db.session.get_one(User, actor.id), employer.backup_owner, actor)


def give_back(employer: Employer, reason: str, actor: Actor) -> None:
    """One's own lead goes back to the pool, with the reason on the timeline."""
    _refuse_no_lead(employer)
    if employer.owner_id != actor.id:
        raise DomainError(_l("Only your own leads go back to the pool by your hand."))
    if not reason.strip():
        raise DomainError(_l("Say why the lead goes back to the pool."))
    timeline.record(employer.id, KIND, GIVEN_BACK, params={"reason": reason.strip()}, actor=actor)
    employers.assign(employer, None, None, actor)


def _refuse_no_lead(employer: Employer) -> None:
    if employer.stage not in STAGES or not employer.eligible:
        raise DomainError(_l("This employer does not stand in the lead ledger."))


def set_capacity(user: User, capacity: int | None) -> None:
    """How many leads a person has at most; None: the department's usual number."""
    known = db.session.get(LeadCapacity, user.id)
    if capacity is None:
        if known is not None:
            db.session.delete(known)
    elif not 0 <= capacity <= MOST:
        raise DomainError(_l("A capacity lies between 0 and %(most)s.", most=MOST))
    elif known is None:
        db.session.add(LeadCapacity(user_id=user.id, capacity=capacity))
    else:
        known.capacity = capacity
    db.session.flush()


@signals.owner_changed.connect
def _refuse_full(employer: Employer, new: User | None, **_more: object) -> int:
    """Whoever assigns a lead, by whichever page: nobody gets more than the capacity."""
    if new is None or employer.stage not in STAGES or not employer.eligible:
        return 0
    # two who assign to the same person wait for each other
    db.session.execute(select(User.id).where(User.id == new.id).with_for_update())
    db.session.flush()
    held, most = held_by(new.id), capacity_of(new.id)
    if held > most:
        raise DomainError(
            _l(
                "%(name)s has %(held)s of %(most)s leads: finish or give back some first.",
                name=new.name,
                held=held - 1,
                most=most,
            )
        )
    return 0


# Leads that nobody works on ------------------------------------------------------------------------


def mind_idle() -> tuple[int, int]:
    """Warns owners whose leads lie, and takes back those warned in time; gives how many of each.

    Nothing goes back without a warning that has run out. A word with the firm ends the warning; putting it
    off or ticking it off does not. Running it again the same day changes nothing.
    """
    _begin_count()
    warn = idle_before(max(1, IDLE_DAYS.value() - WARN_DAYS.value()))
    lying = {lead.employer_id: lead for lead in db.session.scalars(lying_leads(warn))}
    warnings = {task.source_id: task for task in db.session.scalars(_open_warnings())}
    for id_, task in warnings.items():
        if id_ not in lying:
            tasks.cancel(task, None, SPOKEN)
    warnings |= _ticked_off(lying)
    over = idle_before(IDLE_DAYS.value())
    unwarned = [lead for id_, lead in lying.items() if id_ not in warnings]
    _warn(unwarned)
    returned = 0
    for id_, task in warnings.items():
        if id_ in lying and (task.first_due_on or task.due_on) <= today() and _since(lying[id_]) <= over:
            _take_back(lying[id_], task)
            returned += 1
    db.session.flush()
    return len(unwarned), returned


def _begin_count() -> None:
    """Leads that were owned before days were counted begin today."""
    owned = select(Employer.id).where(Employer.owner_id.is_not(None), Employer.stage.in_(STAGES))
    waiting = (Lead.left_on.is_(None), Lead.claimed_on.is_(None), Lead.employer_id.in_(owned))
    db.session.execute(update(Lead).where(*waiting).values(claimed_on=today()))


def _open_warnings() -> Select[Task]:
    return select(Task).where(Task.kind == WARNING, Task.state == TaskState.OPEN)


def _ticked_off(lying: Mapping[int, Lead]) -> dict[int | None, Task]:
    """The latest warning of each that somebody closed by hand since the lead lies."""
    query = select(Task).where(Task.kind == WARNING, Task.closed_by_id.is_not(None), Task.source_type == KIND)
    query = query.where(among(Task.source_id, list(lying))).order_by(Task.id)
    return {
        task.source_id: task
        for task in db.session.scalars(query)
        if task.source_id is not None and local(task.created_at).date() > _since(lying[task.source_id])
    }


def _since(lead: Lead) -> date:
    return max(day for day in (lead.claimed_on, lead.employer.last_contact_on) if day is not None)


def _warn(leads: Sequence[Lead]) -> None:
    """Of leads that no open warning is about."""
    due = add_working_days(today(), WARN_DAYS.value(), provisional=True)
    for lead in leads:
        source = (KIND, lead.employer_id)
        tasks.open_task(WARNING, WARNED, due, employer=lead.employer, source=source, fresh=True)
    db.session.flush()


def _take_back(lead: Lead, warning: Task) -> None:
    if warning.state is TaskState.OPEN:
        tasks.cancel(warning, None, SPOKEN)
    timeline.record(lead.employer_id, KIND, RETURNED, params={"days": IDLE_DAYS.value()})
    employers.assign(lead.employer, None, None, None)
