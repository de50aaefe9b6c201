"""The steps of an arrears case: people's, and those that the statements alone make.

Whoever works on a case first records why the employer is late; every other step waits for that. Then the ways
part: operating employers are urged, those whose licence is gone are helped to close, those in difficulty are
led to relief. A case ends by evidence only.
"""

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.contributions.arrears.models import ArrearsCase, ArrearsPromise, CaseState
from app.contributions.arrears.policy import (
    AGREE_DAYS,
    BROKEN_DAYS,
    DIFFICULTY,
    FOLLOW_DAYS,
    OPEN_STATES,
    REASONS,
    URGED_DAYS,
    Permission,
    of_family,
    to_be_closed,
    visible_to,
)
from app.contributions.policy import rule_on
from app.core.clock import today
from app.core.db import db
from app.core.errors import DomainError
from app.core.finding import the_one
from app.core.permissions import Actor
from app.core.rules.dues import last_due_month
from app.core.workflow.engine import Ask, Deadline, Move, Reason, State, Tone, Transition, Workflow
from app.employers.models import Employer
from app.lifecycle.workflow import LIFECYCLE
from app.tasks.following.services import settle_deadlines


def has_reason(case: ArrearsCase, _actor: Actor | None) -> Reason | None:
    if case.reason:
        return None
    return _l(
        "Nobody has asked yet why it is late: record the first contact and the reason before anything else."
    )


def operates(case: ArrearsCase, _actor: Actor | None) -> Reason | None:
    if to_be_closed(case.employer, case.reason):
        return _l("It does not operate any more: help it to close its account instead.")
    return None


def is_gone(case: ArrearsCase, _actor: Actor | None) -> Reason | None:
    if to_be_closed(case.employer, case.reason):
        return None
    return _l("It operates: only those revoked, deregistered or no longer operating are helped to close.")


def in_difficulty(case: ArrearsCase, _actor: Actor | None) -> Reason | None:
    if of_family(case.reason, DIFFICULTY):
        return None
    return _l("Relief is for employers in difficulty, and the recorded reason is another one.")


def spoken_to(case: ArrearsCase, move: Move) -> None:
    """The first contact is made: whoever was to ask why has done so."""
    on = move.answers["contacted_on"]
    case.employer.last_contact_on = max(on, case.employer.last_contact_on or on)
    settle_deadlines(LIFECYCLE, [case.employer_id])


def promise_noted(case: ArrearsCase, move: Move) -> None:
    """The promise is to have paid all that is due by then; the next statements tell."""
    pay_by = move.answers["promised_for"]
    if pay_by < today():
        raise DomainError(_l("A promise is for today or a later day."))
    through = last_due_month(case.employer.pay_day, pay_by, rule_on(today()))
    by_id = move.actor.id if move.actor else None
    case.promises.insert(0, ArrearsPromise(made_on=today(), pay_by=pay_by, through=through, by_id=by_id))


STATES = (
    State("noticed", _l("Noticed"), Tone.NEUTRAL),
    State("opened", _l("To be contacted"), Tone.DANGER),
    State("contacted", _l("Contacted"), Tone.ACTIVE, Deadline(_l("Agree on a day of payment"), AGREE_DAYS)),
    State("promised", _l("Promised to pay"), Tone.ACTIVE),
    State(
        "broken", _l("Promise broken"), Tone.DANGER,
        Deadline(_l("Ask why the promise was broken"), BROKEN_DAYS),
    ),
    State(
        "urged", _l("Urged in writing"), Tone.WARNING, Deadline(_l("See whether it paid since"), URGED_DAYS)
    ),
    State(
        "relief_sought", _l("Seeking relief"), Tone.WARNING, Deadline(_l("Follow up the relief"), FOLLOW_DAYS)
    ),
    State(
        "closing", _l("Helped to close"), Tone.WARNING,
        Deadline(_l("Help to close its account"), FOLLOW_DAYS),
    ),
    State("settled", _l("Paid up"), Tone.GOOD, final=True),
    State("relieved", _l("Deferred meanwhile"), Tone.DONE, final=True),
    State("closed", _l("Account sealed or closed"), Tone.DONE, final=True),
    State("withdrawn", _l("Withdrawn"), Tone.DONE, final=True),
)  # fmt: skip

_OPEN = tuple(state.value for state in OPEN_STATES)
_AT_WORK = tuple(state for state in _OPEN if state not in ("relief_sought", "closing"))


def _correct_reason(name: str, sources: tuple[str, ...], target: str) -> Transition:
    asks = (Ask("reason", _l("Why it is late"), "coded", table=REASONS),)
    return Transition(name, _l("Correct the reason"), sources, target, Permission.WORK, asks=asks)


PEOPLES_STEPS = (
    Transition(
        "contact",
        _l("Record the contact and the reason"),
        ("opened",),
        "contacted",
        Permission.WORK,
        asks=(
            Ask("reason", _l("Why it is late"), "coded", table=REASONS),
            Ask("contacted_on", _l("Spoken to on"), "date"),
        ),
        effects=(spoken_to,),
        tone=Tone.ACTIVE,
    ),
    Transition(
        "promise",
        _l("Record a promise to pay"),
        _AT_WORK,
        "promised",
        Permission.WORK,
        asks=(Ask("promised_for", _l("Promised to pay by"), "day_ahead"),),
        guards=(has_reason, operates),
        effects=(promise_noted,),
        tone=Tone.ACTIVE,
    ),
    Transition(
        "urge",
        _l("Urge in writing"),
        tuple(state for state in _AT_WORK if state != "urged"),
        "urged",
        Permission.WORK,
        asks=(Ask("urged_on", _l("Letter sent on"), "date"),),
        guards=(has_reason, operates),
        tone=Tone.WARNING,
    ),
    Transition(
        "seek_relief",
        _l("Lead to relief"),
        _AT_WORK,
        "relief_sought",
        Permission.WORK,
        guards=(has_reason, operates, in_difficulty),
    ),
    Transition(
        "assist_closing",
        _l("Help to close the account"),
        _AT_WORK,
        "closing",
        Permission.WORK,
        guards=(has_reason, is_gone),
        tone=Tone.WARNING,
    ),
    # ways that the reason had opened are chosen anew; a promise and a letter are facts, and stay
    _correct_reason("correct_reason", ("contacted", "relief_sought", "closing"), "contacted"),
    *(
        _correct_reason(f"correct_reason_{state}", (state,), state)
        for state in ("promised", "broken", "urged")
    ),
)

#: only statements make these, with the facts before and after as their evidence
STATEMENT_STEPS = (
    Transition("statement_opened", _l("Statement: months unpaid"), ("noticed",), "opened", None),
    Transition("statement_kept", _l("Statement: promise kept"), ("promised",), "contacted", None),
    Transition("statement_broken", _l("Statement: promise broken"), ("promised",), "broken", None),
    Transition("statement_settled", _l("Statement: paid up"), _OPEN, "settled", None),
    Transition("statement_relieved", _l("Statement: deferred"), _OPEN, "relieved", None),
    Transition("statement_closed", _l("Statement: sealed or closed"), _OPEN, "closed", None),
    Transition(
        "statement_withdrawn",
        _l("Statement taken back or corrected"),
        (*_OPEN, "settled", "relieved", "closed"),
        "withdrawn",
        None,
    ),
)


def load(case_id: int, actor: Actor) -> ArrearsCase:
    """The case, or NotFound when its employer is out of the actor's reach."""
    query = select(ArrearsCase).where(ArrearsCase.id == case_id, visible_to(actor))
    return the_one(query, _l("There is no such case."))


ARREARS: Workflow[ArrearsCase] = Workflow(
    name="arrears",
    title=_l("Arrears case"),
    model=ArrearsCase,
    states=STATES,
    transitions=(*PEOPLES_STEPS, *STATEMENT_STEPS),
    since="state_since",
    kind="arrears",
    load=load,
    endpoint="arrears.show",
)

ENDINGS = {
    CaseState.SETTLED: "statement_settled",
    CaseState.RELIEVED: "statement_relieved",
    CaseState.CLOSED: "statement_closed",
}


def objections_to_escalation(employer: Employer) -> list[Reason]:
    """What is still to be done in the open case before it may be pursued."""
    query = select(ArrearsCase).where(ArrearsCase.employer_id == employer.id, ArrearsCase.closed_on.is_(None))
    case = db.session.scalars(query).one()
    found = [guard(case, None) for guard in (has_reason, operates)]
    if case.state is CaseState.RELIEF_SOUGHT:
        found.append(_l("It is being led to relief: see what comes of it first."))
    if case.state is CaseState.PROMISED and case.promised_for and case.promised_for >= today():
        found.append(_l("It promised to pay by %(day)s: wait for that day.", day=case.promised_for))
    return [reason for reason in found if reason is not None]
