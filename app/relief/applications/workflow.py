"""How an application for relief becomes a decision: maker, reviewer and decider are three people."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, union_all

from app.core import signals
from app.core.db import db
from app.core.errors import DomainError
from app.core.finding import the_one
from app.core.language.i18n import msgid
from app.core.permissions import Actor
from app.core.rules.rates import HIGHEST_RATE, LOWEST_RATE
from app.core.timeline import TimelineEntry
from app.core.workflow.engine import (
    Ask,
    Deadline,
    Move,
    Reason,
    State,
    Tone,
    Transition,
    Workflow,
    WorkflowHistory,
    transition,
)
from app.core.workflow.parts import Act, Nobody
from app.employers.models import Employer, Stage
from app.relief.applications.models import (
    AUTHORITY_LABELS,
    ApplicationState,
    ReliefApplication,
)
from app.relief.applications.policy import VoteRule, missing_documents, objections_to_vote, visible_to
from app.relief.models import ReliefDecision, ReliefKind, ReliefState
from app.relief.policy import (
    ANNOUNCED,
    DECIDE_DAYS,
    LONGEST,
    MAJORITY,
    QUORUM,
    RETURN_DAYS,
    REVIEW_DAYS,
    Asked,
    Granted,
    Permission,
    objections_to_rates,
    objections_to_term,
)
from app.relief.workflow import RELIEF_TERM

#: what the employer's story says of who had a hand in it
ENTERED = msgid("Application for relief entered: %(first)s to %(last)s")
CORRECTED = msgid("Application for relief corrected: %(first)s to %(last)s")

OPEN = (
    ApplicationState.DRAFT,
    ApplicationState.SUBMITTED,
    ApplicationState.RETURNED,
    ApplicationState.REVIEWED,
)


def granted_to(application: ReliefApplication) -> list[Granted]:
    """What stands in the register for the employer, without what this application itself brought."""
    return [
        Granted(one.kind, one.from_month, one.last_month)
        for one in application.granted
        if one.application_id != application.id and one.months
    ]


def is_sound(application: ReliefApplication, _actor: Actor | None) -> list[Reason]:
    """Everything that months, rates, papers and the vote leave to be desired, by the present figures."""
    asked = Asked(
        application.kinds, application.from_month, application.to_month, application.employer.paid_through
    )
    rates = (application.employer_rate, application.employee_rate)
    vote = VoteRule(QUORUM.value(), MAJORITY.value(), ANNOUNCED.value())
    return [
        *_ends(application.employer),
        *objections_to_term(asked, granted_to(application), LONGEST.value()),
        *(
            objections_to_rates(rates, LOWEST_RATE.value(), HIGHEST_RATE.value())
            if _cuts(application)
            else ()
        ),
        *(_not_lower(application) if _cuts(application) else ()),
        *missing_documents(application.documents),
        *objections_to_vote(application, vote),
    ]


def _ends(employer: Employer) -> list[Reason]:
    """Relief is for who goes on: a closing may have begun after the application was entered."""
    if employer.stage not in (Stage.CLOSING, Stage.CLOSED):
        return []
    return [_l("The account is being closed, or is closed: relief is for employers that go on.")]


def _cuts(application: ReliefApplication) -> bool:
    return ReliefKind.RATE_CUT in application.kinds


def _not_lower(application: ReliefApplication) -> list[Reason]:
    """A reduction that raises a rate, or leaves both as they are, is none."""
    pairs = (
        (application.employer_rate, application.present_employer_rate),
        (application.employee_rate, application.present_employee_rate),
    )
    falls = [now - new for new, now in pairs if new is not None and now is not None]
    if falls and (min(falls) < 0 or not any(falls)):
        return [_l("The reduced rates must be lower than the present ones.")]
    return []


def is_alone(application: ReliefApplication, _actor: Actor | None) -> Reason | None:
    """An employer has one application under way."""
    others = select(ReliefApplication.id).where(
        ReliefApplication.employer_id == application.employer_id,
        ReliefApplication.id != application.id,
        ReliefApplication.state.in_((ApplicationState.SUBMITTED, ApplicationState.REVIEWED)),
    )
    if db.session.scalars(others.limit(1)).first() is None:
        return None
    return _l("Another application of this employer is under way.")


def _takes_its_turn(application: ReliefApplication, _move: Move) -> None:
    """Of two that are submitted at once the second waits here, and finds the first under way."""
    turn = select(Employer.id).where(Employer.id == application.employer_id)
    db.session.execute(turn.with_for_update(key_share=True))
    if reason := is_alone(application, None):
        raise DomainError(_l("This step is not possible yet:"), [reason])


def was_made_by_another(application: ReliefApplication, actor: Actor | None) -> Reason | None:
    """Whoever submits it stands for what it says by then, also where a colleague made it."""
    if actor is None or actor.id not in {application.made_by_id, *_hands(application)}:
        return None
    return _l("You made, corrected or submitted this application: a second person takes this step.")


def _hands(application: ReliefApplication) -> set[int | None]:
    """Everybody who ever submitted it, and who entered or corrected it by the employer's story."""
    rows, entry = WorkflowHistory, TimelineEntry
    steps = select(rows.actor_id).where(
        rows.workflow == APPLICATION.name, rows.record_id == application.id, rows.transition == "submit"
    )
    told = select(entry.actor_id).where(
        entry.employer_id == application.employer_id,
        entry.link_id == application.id,
        entry.summary.in_((ENTERED, CORRECTED)),
    )
    return set(db.session.scalars(union_all(steps, told)))


def was_reviewed_by_another(application: ReliefApplication, actor: Actor | None) -> Reason | None:
    if actor is None or application.reviewed_by_id != actor.id:
        return None
    return _l("You reviewed this application: a second person decides on it.")


def _reviewed(application: ReliefApplication, move: Move) -> None:
    application.reviewed_by_id = move.actor.id if move.actor else None


def _decided(application: ReliefApplication, move: Move) -> None:
    application.decided_by_id = move.actor.id if move.actor else None


def is_not_before_review(application: ReliefApplication, answers: Mapping[str, Any]) -> Reason | None:
    decided, reviewed = answers.get("decided_on"), application.reviewed_on
    if decided is None or reviewed is None or decided >= reviewed:
        return None
    return _l("The decision cannot be older than the review.")


def _enter_decisions(application: ReliefApplication, _move: Move) -> None:
    """Writes the approval into the register: one decision for each kind, with what it comes to each month."""
    months = application.to_month - application.from_month + 1
    saved = application.employer_saves + application.employees_save
    for kind in application.kinds:
        cut = kind is ReliefKind.RATE_CUT
        decision = _decision_of(application, kind)
        decided = dict(
            to_month=application.to_month,
            employer_rate=application.employer_rate if cut else None,
            employee_rate=application.employee_rate if cut else None,
            document_no=application.document_no,
            decided_on=application.decided_on,
            application_id=application.id,
            heads=application.heads,
            monthly_amount=((saved if cut else application.deferred) / months),
        )
        for name, value in decided.items():
            setattr(decision, name, value)
        db.session.add(decision)
    db.session.flush()
    signals.terms_changed.send("relief", employer_ids=[application.employer_id])


def _decision_of(application: ReliefApplication, kind: ReliefKind) -> ReliefDecision:
    """The one to fill in: of a kind and first month there is one, which may have been withdrawn."""
    own = {"employer_id": application.employer_id, "kind": kind, "from_month": application.from_month}
    found = db.session.scalars(
        select(ReliefDecision).filter_by(**own, state=ReliefState.WITHDRAWN)
    ).one_or_none()
    if found is None:
        return ReliefDecision(**own, state=ReliefState.APPROVED)
    transition(RELIEF_TERM, found, "grant_anew", None, evidence={"application": application.id})
    return found


REASON = Ask("why", _l("Reason"))
DECIDED = (
    Ask("decided_on", _l("Decided on"), "date"),
    Ask("document_no", _l("Document number")),
    Ask(
        "authority",
        _l("Decision taken by"),
        "choice",
        tuple((a.value, label) for a, label in AUTHORITY_LABELS.items()),
    ),
)

#: it can be corrected before it is submitted and when it is returned
EDIT = Act("edit", _l("Correct the application"), Permission.APPLY)
UNDER_WAY = {EDIT.name: Nobody(_l("The application is under way: it can be changed when it is returned."))}
DECIDED_ON = {EDIT.name: Nobody(_l("The application is settled: enter a new one."))}

STATES = (
    State("draft", _l("Draft"), Tone.NEUTRAL),
    State(
        "submitted",
        _l("Submitted"),
        Tone.ACTIVE,
        Deadline(_l("Review the application for relief"), REVIEW_DAYS),
        acts=UNDER_WAY,
    ),
    State(
        "returned",
        _l("Returned"),
        Tone.WARNING,
        Deadline(_l("Correct the application for relief"), RETURN_DAYS),
    ),
    State(
        "reviewed",
        _l("Reviewed"),
        Tone.ACTIVE,
        Deadline(_l("Decide on the application for relief"), DECIDE_DAYS),
        acts=UNDER_WAY,
    ),
    State("approved", _l("Approved"), Tone.GOOD, final=True, acts=DECIDED_ON),
    State("refused", _l("Not approved"), Tone.DANGER, final=True, acts=DECIDED_ON),
    State("withdrawn", _l("Withdrawn"), Tone.DONE, final=True, acts=DECIDED_ON),
)

TRANSITIONS = (
    Transition(
        "submit", _l("Submit for review"), ("draft", "returned"), "submitted", Permission.APPLY,
        guards=(is_sound, is_alone), effects=(_takes_its_turn,), tone=Tone.ACTIVE,
    ),
    Transition(
        "review", _l("Record the centre's review"), ("submitted",), "reviewed", Permission.REVIEW,
        asks=(
            Ask("reviewed_on", _l("Reviewed on"), "date"),
            Ask("review_no", _l("Number of the review"), required=False),
        ),
        guards=(was_made_by_another, is_sound), effects=(_reviewed,), tone=Tone.ACTIVE,
    ),
    Transition(
        "return", _l("Return for correction"), ("submitted", "reviewed"), "returned", Permission.REVIEW,
        asks=(REASON,), guards=(was_made_by_another,), tone=Tone.WARNING,
    ),
    Transition(
        "approve", _l("Record the approval"), ("reviewed",), "approved", Permission.APPROVE, asks=DECIDED,
        guards=(was_made_by_another, was_reviewed_by_another, is_sound),
        checks=(is_not_before_review,),
        effects=(_decided, _enter_decisions), tone=Tone.GOOD,
    ),
    Transition(
        "refuse", _l("Record the refusal"), ("submitted", "reviewed"), "refused", Permission.APPROVE,
        asks=(*DECIDED, REASON), guards=(was_made_by_another, was_reviewed_by_another), effects=(_decided,),
        tone=Tone.DANGER,
    ),
    Transition(
        "withdraw", _l("Withdraw"), ("draft", "submitted", "returned", "reviewed"), "withdrawn",
        Permission.APPLY, asks=(REASON,), tone=Tone.WARNING,
    ),
)  # fmt: skip


def load(application_id: int, actor: Actor) -> ReliefApplication:
    """The application, or NotFound when it is out of the actor's reach."""
    query = select(ReliefApplication).where(ReliefApplication.id == application_id, visible_to(actor))
    return the_one(query, _l("There is no such application."))


APPLICATION: Workflow[ReliefApplication] = Workflow(
    name="relief_application",
    title=_l("Application for relief"),
    model=ReliefApplication,
    states=STATES,
    transitions=TRANSITIONS,
    acts=(EDIT,),
    since="state_since",
    kind="relief",
    load=load,
    endpoint="relief.show",
)
