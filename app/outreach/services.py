"""Logging visits and calls."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import lazy_gettext as _l

from app.core import signals, timeline
from app.core.clock import local, now, today
from app.core.db import db
from app.core.errors import DomainError, Forbidden
from app.core.language.i18n import msgid
from app.core.permissions import Actor
from app.employers.models import ContactRole, Employer
from app.outreach.models import IN_PERSON, Outcome, ServiceMode, Visit, VisitKind
from app.outreach.policy import may_correct
from app.tasks import services as tasks

SOURCE = "visit"
#: a clock on a phone may run ahead a little
TOLERANCE = timedelta(minutes=10)


@dataclass(frozen=True)
class Account:
    """What somebody tells of a meeting. `met` is the id of a contact, or a name in words."""

    kind: VisitKind
    at: datetime
    outcome: Outcome
    summary: str = ""
    topics: tuple[str, ...] = ()
    contact_id: int | None = None
    met_name: str = ""
    met_role: ContactRole | None = None
    next_step: str = ""
    next_due_on: date | None = None
    service_mode: ServiceMode | None = None


#: msgids of the timeline; the outcome's words come with the parameters
TOLD = {
    VisitKind.VISIT: msgid("Visit: %(outcome)s"),
    VisitKind.CALL: msgid("Call: %(outcome)s"),
    VisitKind.ONLINE: msgid("Online talk: %(outcome)s"),
    VisitKind.COUNTER: msgid("Talk at the counter: %(outcome)s"),
}
OUTCOMES = {
    Outcome.AGREED: msgid("Agreed to act"),
    Outcome.SOLVED: msgid("Problem solved"),
    Outcome.INFORMED: msgid("Informed"),
    Outcome.UNDECIDED: msgid("Still undecided"),
    Outcome.REFUSED: msgid("Refused"),
    Outcome.NOT_REACHED: msgid("Not reached"),
}


def log_visit(employer: Employer, account: Account, actor: Actor) -> Visit:
    """Writes down a meeting: one row, one timeline entry, and a task when there is a next step.

    Whoever first meets an employer answers for it to the end (首问负责).
    """
    _check(employer, account)
    visit = Visit(employer=employer, by_id=actor.id)
    _fill(visit, account)
    db.session.add(visit)
    db.session.flush()
    _mark_contact(employer, account, actor)
    timeline.record(
        employer.id,
        SOURCE,
        TOLD[visit.kind],
        params=_params(visit),
        actor=actor,
        at=visit.at,
        endpoint="outreach.show",
        link_id=visit.id,
    )
    _open_next_step(visit, actor)
    return visit


def correct_visit(visit: Visit, account: Account, actor: Actor) -> None:
    """Corrects one's own account on the same day; a next step that is already a task keeps its task."""
    if not may_correct(actor, visit):
        raise Forbidden(_l("An account of a visit is corrected only by its author, on the same day."))
    _check(visit.employer, account)
    _fill(visit, account)
    _mark_contact(visit.employer, account, actor)
    _open_next_step(visit, actor)
    db.session.flush()


def _check(employer: Employer, account: Account) -> None:
    if account.at > now() + TOLERANCE:
        raise DomainError(_l("The time lies in the future: log a visit after it took place."))
    if account.next_step.strip() and account.next_due_on is None:
        raise DomainError(_l("Say by when the next step is due."))
    if account.next_step.strip() and account.next_due_on and account.next_due_on < today():
        raise DomainError(_l("The due date lies in the past: choose today or later."))
    known = {link.contact_id for link in employer.contacts}
    if account.contact_id is not None and account.contact_id not in known:
        raise DomainError(_l("Choose one of the employer's contacts."))


def _fill(visit: Visit, account: Account) -> None:
    roles = {link.contact_id: link.role for link in visit.employer.contacts if link.until is None}
    visit.kind, visit.at, visit.outcome = account.kind, account.at, account.outcome
    visit.summary, visit.topics = account.summary.strip(), list(account.topics)
    visit.contact_id = account.contact_id
    visit.met_name = "" if account.contact_id else account.met_name.strip()
    visit.met_role = roles.get(account.contact_id or 0, account.met_role)
    visit.next_step = account.next_step.strip()
    visit.next_due_on = account.next_due_on if visit.next_step else None
    visit.service_mode = account.service_mode


def _mark_contact(employer: Employer, account: Account, actor: Actor) -> None:
    if account.outcome is Outcome.NOT_REACHED:
        return
    day = local(account.at).date()
    employer.last_contact_on = max(day, employer.last_contact_on or day)
    in_person = account.kind in IN_PERSON
    signals.employer_met.send(employer, at=account.at, in_person=in_person, actor=actor)
    if employer.first_contact_owner_id is None:
        employer.first_contact_owner_id = actor.id


def _open_next_step(visit: Visit, actor: Actor) -> None:
    if not visit.next_step or visit.next_due_on is None:
        return
    tasks.open_task(
        "next_step",
        visit.next_step,
        visit.next_due_on,
        employer=visit.employer,
        owner_id=visit.employer.owner_id or actor.id,
        source=(SOURCE, visit.id),
        actor=actor,
    )


def _params(visit: Visit) -> dict[str, object]:
    params: dict[str, object] = {"outcome": {"msgid": OUTCOMES[visit.outcome]}}
    if visit.summary:
        params["comment"] = visit.summary
    return params
