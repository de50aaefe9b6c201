"""Keeping closing files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core import signals, timeline
from app.core.clock import today
from app.core.code_tables import codes
from app.core.db import among, db
from app.core.errors import Conflict, DomainError
from app.core.language.i18n import msgid
from app.core.language.text import clean
from app.core.permissions import Actor
from app.core.workflow.acts import demand
from app.core.workflow.engine import Move, Reason, Transition, Workflow, transition
from app.core.workflow.sets import SetMove
from app.employers.models import Employer
from app.lifecycle.closing import queries
from app.lifecycle.closing.helping.services import mind_clock
from app.lifecycle.closing.models import Closing, ClosingPaper, ClosingState, PlacementKind
from app.lifecycle.closing.placing.services import KIND, Going, put
from app.lifecycle.closing.policy import PAPERS, papers_for
from app.lifecycle.closing.workflow import CLOSING, SEALING
from app.lifecycle.papers.models import CheckResult
from app.lifecycle.papers.policy import Finding
from app.lifecycle.papers.services import note_findings
from app.lifecycle.policy import GONE
from app.lifecycle.workflow import LIFECYCLE

BEGUN = msgid("Closing begun")
EVENT = msgid("Event noted for the closing: %(day)s")
CHECKED = msgid("Closing papers checked: %(complete)s of %(all)s in order")


# The file -----------------------------------------------------------------------------------------


def _begin(employer: Employer, actor: Actor | None) -> Closing:
    """The file of the closing that has just begun; what the registry says of the event is taken over."""
    gone = employer.operating_status in GONE
    known = [number for number in (employer.heads, employer.sealed_heads) if number is not None]
    closing = Closing(
        employer_id=employer.id,
        begun_on=today(),
        begun_by_id=actor.id if actor else None,
        reason=employer.account_closing_reason,
        event_on=employer.operating_status_as_of if gone else None,
        event_source=employer.operating_status_source if gone else None,
        people=sum(known) if known else None,
    )
    db.session.add(closing)
    db.session.flush()
    _tell(closing, BEGUN, {}, actor)
    mind_clock(closing, actor)
    return closing


def begin_file(employer: Employer, actor: Actor) -> Closing:
    """A file for an employer that is closing without one. Conflict when one stands already."""
    if employer.stage.value != "closing":
        raise DomainError(_l("Begin the closing on the employer's page first."))
    if queries.account_of(employer).closing:
        raise Conflict(_l("Somebody has begun this closing already. Reload the page."))
    return _begin(employer, actor)


def _tell(closing: Closing, summary: str, params: dict[str, Any], actor: Actor | None) -> None:
    timeline.record(
        closing.employer_id, KIND, summary, params=params, actor=actor, endpoint="closing.show",
        link_id=closing.id,
    )  # fmt: skip


@dataclass(frozen=True)
class Event:
    """What happened to the firm, on which day, who says so, and whose accounts there were."""

    reason: str | None
    on: date | None
    source: str | None
    document: str = ""
    people: int | None = None


def note_event(closing: Closing, event: Event, actor: Actor) -> None:
    """Stores what is known of the event and sets the clocks; refuses with every reason at once."""
    demand(closing, "note_event", actor)
    employer = db.session.get_one(Employer, closing.employer_id)
    if reasons := _event_objections(closing, event, queries.account_of(employer).placed):
        raise DomainError(_l("The event could not be noted:"), reasons)
    closing.reason, closing.event_on, closing.event_source = event.reason, event.on, event.source
    closing.event_document, closing.people = clean(event.document), event.people
    employer.account_closing_reason = event.reason
    db.session.flush()
    if event.on:
        _tell(closing, EVENT, {"day": event.on.isoformat(), "comment": closing.event_document}, actor)
    mind_clock(closing, actor)


def _event_objections(closing: Closing, event: Event, placed: int) -> list[Reason]:
    found: list[Reason] = []
    if event.on and event.on > today():
        found.append(_l("The day lies in the future."))
    if event.on and closing.registered_on and event.on > closing.registered_on:
        found.append(
            _l("The event lies before the registration of %(day)s.", day=closing.registered_on.isoformat())
        )
    if event.on and not event.source:
        found.append(_l("Say who says so."))
    if event.reason not in codes("closing_reason"):
        found.append(_l("Say what happened."))
    if closing.state is ClosingState.REGISTERED and event.reason != closing.reason:
        found.append(_l("Another reason asks for other papers: send the file back first."))
    if event.people is not None and event.people < placed:
        found.append(
            _l("%(placed)s are transferred or sealed already: there were at least as many.", placed=placed)
        )
    return found


def check_papers(closing: Closing, findings: Mapping[str, Finding], actor: Actor) -> int:
    """Writes down what was found of the papers, by code; gives how many are new or changed."""
    demand(closing, "check_papers", actor)
    asked = papers_for(closing.reason)

    def new(code: str) -> ClosingPaper:
        closing.checks.append(ClosingPaper(closing_id=closing.id, code=code))
        return closing.checks[-1]

    changed = note_findings(PAPERS, asked, queries.checks_of(closing), findings, new, actor)
    db.session.flush()
    if changed:
        complete = [one for one in closing.checks if one.code in asked and one.result is CheckResult.COMPLETE]
        _tell(closing, CHECKED, {"complete": len(complete), "all": len(asked)}, actor)
    return len(changed)


def may_be_closed(employer: Employer, _actor: Actor | None) -> list[Reason] | None:
    """A guard of closing the account: the deregistration is registered, and no employee is left on record."""
    account = queries.account_of(employer)
    if account.closing is None:
        return [
            _l(
                "It has no closing file: begin one, with what happened, "
                "the papers and the employees' accounts."
            )
        ]
    found = queries.people_in_the_way(employer, account)
    if account.closing.state is not ClosingState.REGISTERED:
        found.insert(0, _l("The deregistration is not registered yet: check the papers in the closing file."))
    return found or None


# What follows from steps ------------------------------------------------------------------------------


@signals.after_transition.connect
def _follow(
    workflow: Workflow[Any],
    record: Any,
    move: Move | None = None,
    set_moves: Sequence[SetMove] | None = None,
    transition: Transition | None = None,
    **_more: Any,
) -> None:
    if workflow is LIFECYCLE:
        if move is not None:
            _follow_stage(record, move)
        elif set_moves and transition is not None:
            _follow_stages([one.record_id for one in set_moves], transition.target)
    elif workflow is CLOSING and move is not None:
        mind_clock(record, move.actor)
    elif workflow is SEALING and move is not None and move.actor is not None and move.target == "done":
        employer = db.session.get_one(Employer, record.employer_id)
        going = Going(PlacementKind.SEALED, record.heads, record.sealed_on, "", record.proof)
        put(employer, going, record, move.actor)


def _follow_stage(employer: Employer, move: Move) -> None:
    if move.transition.name == "begin_closing":
        _begin(employer, move.actor)
    elif move.transition.name == "stop_closing":
        _end(employer.id, "withdraw")
        _go_on(employer)
    elif move.target == "closed":
        _end(employer.id, "complete")


def _end(employer_id: int, step: str) -> None:
    query = select(Closing).where(Closing.employer_id == employer_id, queries.standing)
    for closing in db.session.scalars(query):
        transition(CLOSING, closing, step, None)


def _go_on(employer: Employer) -> None:
    """It stands again where it stood before; whether it is in arrears the unpaid months say."""
    before = queries.stage_before(employer.id)
    behind = bool(employer.arrears_months) and before != "on_relief"
    stage = "in_arrears" if behind else before
    if stage not in ("contributing", None) and (behind or stage != "in_arrears"):
        transition(LIFECYCLE, employer, f"goes_on_{stage}", None)


def _follow_stages(employer_ids: Sequence[int], target: str) -> None:
    """Statements that find accounts closed end their files; when they are taken back the files go on."""
    if target == "closed":
        closings = db.session.scalars(
            select(Closing).where(among(Closing.employer_id, employer_ids), queries.standing)
        )
        for closing in closings.all():
            transition(CLOSING, closing, "complete", None)
    elif target == "closing":
        for closing in db.session.scalars(queries.completed(employer_ids)).all():
            transition(CLOSING, closing, "go_on_registered" if closing.registered_on else "go_on", None)
