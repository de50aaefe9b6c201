"""The steps from service to enforcement: contact, visit, urge letter, order, penalty or court.

No step is taken without its evidence, which is filed with it, and none is passed over but by the system, on
a request to which a second person consented (`skipping`). An order is never passed over: without one the law
knows neither penalty nor court. What the matter's origin tells ends it; a person may only stop it.
"""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.escalating import Breach, Step
from app.core.finding import the_one
from app.core.options import Option
from app.core.permissions import Actor
from app.core.workflow.engine import Ask, Deadline, State, Tone, Transition, Workflow
from app.core.workflow.parts import Act, Nobody
from app.lifecycle.escalation.models import Escalation
from app.lifecycle.escalation.policy import (
    CONTACT_DAYS,
    DECIDE_DAYS,
    FOLLOW_DAYS,
    LETTER_DAYS,
    ORDER_DAYS,
    URGE_DAYS,
    VISIT_DAYS,
    Permission,
    visible_to,
)
from app.lifecycle.escalation.proving.policy import (
    decided,
    due_in,
    ended,
    file_evidence,
    gives_time,
    has_law,
    is_about,
    letter_known,
    letter_ran_out,
    letter_sent,
    may_be_pursued,
    no_open_request,
    not_before,
    order_ran_out,
    order_served,
    proposed,
    proven,
    somebody_else,
)

PASS_ON = Act("pass_on", _l("Pass the matter on"), Permission.WORK)
ASK_SKIP = Act("ask_skip", _l("Ask to pass steps over"), Permission.WORK)
_OVER = dict.fromkeys((PASS_ON.name, ASK_SKIP.name), Nobody(_l("This escalation is over.")))
_TOO_FAR = {ASK_SKIP.name: Nobody(_l("The order, and what follows it, is never passed over."))}


def _state(name: str, label: Any, tone: Tone, title: Any, limit: Option, **more: Any) -> State:
    return State(name, label, tone, Deadline(title, limit, own="due_on"), **more)


STATES = (
    State("found", _l("Found"), acts=_OVER),
    _state(
        "to_contact", _l("To be contacted"), Tone.ACTIVE, _l("Escalation: contact the employer"), CONTACT_DAYS
    ),
    _state("to_visit", _l("To be visited"), Tone.ACTIVE, _l("Escalation: visit the employer"), VISIT_DAYS),
    _state("to_urge", _l("To be urged"), Tone.WARNING, _l("Escalation: send the urge letter"), URGE_DAYS),
    _state(
        "urged", _l("Letter's time runs"), Tone.WARNING, _l("Escalation: see whether the letter helped"),
        LETTER_DAYS, acts=_TOO_FAR,
    ),
    _state(
        "ordered", _l("Order's time runs"), Tone.DANGER, _l("Escalation: see whether the order was followed"),
        ORDER_DAYS, acts=_TOO_FAR,
    ),
    _state(
        "penalty_proposed", _l("Penalty proposed"), Tone.DANGER, _l("Decide on the proposed penalty"),
        DECIDE_DAYS, acts=_TOO_FAR,
    ),
    _state(
        "court_proposed", _l("Court proposed"), Tone.DANGER, _l("Decide on the application to the court"),
        DECIDE_DAYS, acts=_TOO_FAR,
    ),
    _state(
        "penalised", _l("Penalty decided"), Tone.DANGER, _l("Follow up the penalty"), FOLLOW_DAYS,
        acts=_TOO_FAR,
    ),
    _state(
        "in_court", _l("Applied to the court"), Tone.DANGER, _l("Follow up the court's enforcement"),
        FOLLOW_DAYS, acts=_TOO_FAR,
    ),
    State("settled", _l("Reached its aim"), Tone.GOOD, final=True, acts=_OVER),
    State("lapsed", _l("Ended otherwise"), Tone.DONE, final=True, acts=_OVER),
    State("stopped", _l("Stopped"), Tone.DONE, final=True, acts=_OVER),
)  # fmt: skip

OPEN = tuple(state.name for state in STATES if not state.final and state.name != "found")
#: from where a request leads on, and where to: never past the order
SKIPS: Mapping[str, tuple[str, ...]] = {
    "to_contact": ("to_visit", "to_urge", "urged"),
    "to_visit": ("to_urge", "urged"),
    "to_urge": ("urged",),
}
_SKIP_LIMITS = {"to_visit": VISIT_DAYS, "to_urge": URGE_DAYS, "urged": LETTER_DAYS}
_FREE = (no_open_request, may_be_pursued)
_UNPROVEN = _l("No talk with it, and no letter or SMS that arrived, is recorded: log the talk first.")

STEPS = (
    Transition(
        "contact", _l("Contact made"), ("to_contact",), "to_visit", Permission.WORK,
        guards=(*_FREE, proven(Step.CONTACT, _UNPROVEN)),
        effects=(file_evidence(Step.CONTACT), due_in(VISIT_DAYS)), tone=Tone.ACTIVE,
    ),
    Transition(
        "visit", _l("Visit made"), ("to_visit",), "to_urge", Permission.WORK,
        guards=(*_FREE, proven(Step.VISIT, _l("No visit to it is recorded: log the visit first."))),
        effects=(file_evidence(Step.VISIT), due_in(URGE_DAYS)), tone=Tone.ACTIVE,
    ),
    Transition(
        "urge", _l("Record the urge letter"), ("to_urge",), "urged", Permission.WORK,
        asks=(
            Ask("letter_no", _l("Document number")),
            Ask("letter_on", _l("Sent on"), "date"),
            Ask("letter_until", _l("To act by, if it names a later day"), "day_ahead", required=False),
            Ask("letter_kept", _l("Of a letter on paper not issued here: where it is filed"), required=False),
        ),
        guards=_FREE,
        checks=(
            gives_time("letter_on", "letter_until", LETTER_DAYS),
            not_before("letter_on", "begun_on", _l("The letter is older than the escalation.")),
            letter_known,
        ),
        effects=(letter_sent, file_evidence(Step.URGE)), tone=Tone.WARNING,
    ),
    Transition(
        "order", _l("Record the order"), ("urged",), "ordered", Permission.ORDER,
        asks=(
            Ask("order_no", _l("Document number")),
            Ask("order_on", _l("Served on"), "date"),
            Ask("order_until", _l("To act by, if it names a later day"), "day_ahead", required=False),
        ),
        guards=(*_FREE, letter_ran_out, has_law(Step.ORDER)),
        checks=(
            gives_time("order_on", "order_until", ORDER_DAYS),
            not_before("order_on", "letter_until", _l("It was served before the letter's time was over.")),
        ),
        effects=(order_served, file_evidence(Step.ORDER)), tone=Tone.DANGER,
    ),
    Transition(
        "propose_penalty", _l("Propose a penalty"), ("ordered",), "penalty_proposed", Permission.ORDER,
        asks=(Ask("grounds", _l("Grounds")),),
        guards=(
            *_FREE,
            is_about(Breach.REGISTER, _l("Late payment knows no penalty: propose the court.")),
            order_ran_out,
        ),
        effects=(proposed, due_in(DECIDE_DAYS)), tone=Tone.DANGER,
    ),
    Transition(
        "propose_court", _l("Propose the court"), ("ordered",), "court_proposed", Permission.ORDER,
        asks=(Ask("grounds", _l("Grounds")),),
        guards=(
            *_FREE,
            is_about(Breach.PAY, _l("Missing registration is not for the court: propose a penalty.")),
            order_ran_out,
        ),
        effects=(proposed, due_in(DECIDE_DAYS)), tone=Tone.DANGER,
    ),
    *(
        Transition(
            f"approve_{step.value}", label, (f"{step.value}_proposed",), target, Permission.APPROVE,
            asks=(Ask("decided_on", _l("Decided on"), "date"), Ask("decision_no", _l("Document number"))),
            guards=(*_FREE, somebody_else, has_law(step)),
            checks=(
                not_before("decided_on", "order_until", _l("Decided before the order's time was over.")),
            ),
            effects=(decided(step), file_evidence(step), due_in(FOLLOW_DAYS)), tone=Tone.DANGER,
        )
        for step, label, target in (
            (Step.PENALTY, _l("Approve the penalty"), "penalised"),
            (Step.COURT, _l("Approve the application to the court"), "in_court"),
        )
    ),
    Transition(
        "send_back", _l("Send the proposal back"), ("penalty_proposed", "court_proposed"), "ordered",
        Permission.APPROVE, asks=(Ask("why", _l("Reason")),), guards=(somebody_else,),
        effects=(due_in(DECIDE_DAYS),), tone=Tone.WARNING,
    ),
    Transition(
        "stop", _l("Stop the escalation"), OPEN, "stopped", Permission.CONSENT,
        asks=(Ask("why", _l("Reason")),), guards=(somebody_else,), effects=(ended,), tone=Tone.WARNING,
    ),
    # the system's: what was consented to, and what the matter's origin tells
    Transition(
        "begin", _l("Begin the escalation"), ("found",), "to_contact", Permission.WORK,
        guards=(may_be_pursued,), effects=(due_in(CONTACT_DAYS),),
    ),
    *(
        Transition(
            f"skip_{target}", _l("Steps passed over with consent"),
            tuple(source for source, targets in SKIPS.items() if target in targets), target, None,
            effects=(due_in(limit),),
        )
        for target, limit in _SKIP_LIMITS.items()
    ),
    Transition("settle", _l("It did what was asked"), OPEN, "settled", None, effects=(ended,)),
    Transition("lapse", _l("The matter fell away"), OPEN, "lapsed", None, effects=(ended,)),
)  # fmt: skip


def load(escalation_id: int, actor: Actor) -> Escalation:
    """The escalation, or NotFound when its employer is out of the actor's reach."""
    query = select(Escalation).where(Escalation.id == escalation_id, visible_to(actor))
    return the_one(query, _l("There is no such escalation."))


ESCALATION: Workflow[Escalation] = Workflow(
    name="escalation",
    title=_l("Escalation"),
    model=Escalation,
    states=STATES,
    transitions=STEPS,
    acts=(PASS_ON, ASK_SKIP),
    since="state_since",
    kind="escalation",
    load=load,
    endpoint="escalation.show",
)
