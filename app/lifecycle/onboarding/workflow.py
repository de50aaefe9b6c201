"""From the first look at the papers to the final approval."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.finding import the_one
from app.core.permissions import Actor
from app.core.workflow.engine import Ask, Deadline, Move, Reason, State, Tone, Transition, Workflow
from app.core.workflow.parts import Act, Nobody
from app.lifecycle.onboarding.models import Opening
from app.lifecycle.onboarding.policy import APPROVE_DAYS, PAPERS_DAYS, Permission, visible_to
from app.lifecycle.papers.models import CheckResult
from app.lifecycle.papers.policy import Papers, incomplete, unchecked

#: those below this code may be handed in later
PAPERS = Papers("opening_document", later="2")


def all_checked(opening: Opening, _actor: Actor | None) -> Reason | None:
    missing = unchecked(PAPERS.asked(), opening.checks)
    return _l("Not checked yet: %(papers)s.", papers=PAPERS.names(missing)) if missing else None


def all_complete(opening: Opening, _actor: Actor | None) -> Reason | None:
    open_ = incomplete(opening.checks)
    return _l("Not complete yet: %(papers)s.", papers=PAPERS.names(open_)) if open_ else None


def rest_may_follow(opening: Opening, _actor: Actor | None) -> Reason | None:
    bound = [code for code in incomplete(opening.checks) if not PAPERS.may_follow(code)]
    return _l("These may not be handed in later: %(papers)s.", papers=PAPERS.names(bound)) if bound else None


def rest_has_a_day(opening: Opening, _actor: Actor | None) -> Reason | None:
    open_ = [
        check.code
        for check in opening.checks
        if check.result is not CheckResult.COMPLETE and PAPERS.may_follow(check.code) and check.due_on is None
    ]
    return _l("Say by when they will follow: %(papers)s.", papers=PAPERS.names(open_)) if open_ else None


def something_follows(opening: Opening, _actor: Actor | None) -> Reason | None:
    if incomplete(opening.checks):
        return None
    return _l("All papers are complete: accept the opening as it is.")


def somebody_else(opening: Opening, actor: Actor | None) -> Reason | None:
    hands = {opening.accepted_by_id, *(check.checked_by_id for check in opening.checks)}
    if actor is None or actor.id not in hands:
        return None
    return _l("You checked the papers or took them in yourself: somebody else approves.")


def _taken_in(opening: Opening, move: Move) -> None:
    opening.accepted_by_id = move.actor.id if move.actor else None


_TAKEN_IN = Nobody(_l("The papers were taken in: send the opening back first, if they have to change."))
_OVER = dict.fromkeys(("check_papers", "tick_bundle"), Nobody(_l("This opening is closed.")))

ACTS = (
    Act("check_papers", _l("Note the papers"), Permission.WORK),
    Act("tick_bundle", _l("Tick what other agencies have done"), Permission.WORK),
)
STATES = (
    State(
        "preparing",
        _l("Papers being checked"),
        Tone.ACTIVE,
        Deadline(_l("Check the papers of the opening"), PAPERS_DAYS),
    ),
    State("deferred", _l("Accepted, papers to follow"), Tone.WARNING),
    State(
        "accepted",
        _l("Accepted"),
        Tone.ACTIVE,
        Deadline(_l("Approve the account opening"), APPROVE_DAYS),
        acts={"check_papers": _TAKEN_IN},
    ),
    State("approved", _l("Approved"), Tone.GOOD, final=True, acts=_OVER),
    State("withdrawn", _l("Withdrawn"), Tone.DONE, final=True, acts=_OVER),
)
TRANSITIONS = (
    Transition(
        "accept",
        _l("Accept: all papers are there"),
        ("preparing",),
        "accepted",
        Permission.WORK,
        guards=(all_checked, all_complete),
        effects=(_taken_in,),
        tone=Tone.GOOD,
    ),
    Transition(
        "accept_deferred",
        _l("Accept, papers to follow"),
        ("preparing",),
        "deferred",
        Permission.WORK,
        guards=(all_checked, rest_may_follow, rest_has_a_day, something_follows),
        effects=(_taken_in,),
        tone=Tone.WARNING,
    ),
    Transition(
        "complete",
        _l("All papers have followed"),
        ("deferred",),
        "accepted",
        Permission.WORK,
        guards=(all_checked, all_complete),
        tone=Tone.GOOD,
    ),
    Transition(
        "send_back",
        _l("Back to the check of papers"),
        ("deferred", "accepted"),
        "preparing",
        Permission.APPROVE,
        asks=(Ask("reason", _l("Reason")),),
    ),
    Transition(
        "approve",
        _l("Approve the opening"),
        ("deferred", "accepted"),
        "approved",
        Permission.APPROVE,
        guards=(all_checked, all_complete, somebody_else),
        tone=Tone.GOOD,
    ),
    Transition(
        "withdraw",
        _l("Withdraw"),
        ("preparing", "deferred", "accepted"),
        "withdrawn",
        Permission.WORK,
        asks=(Ask("reason", _l("Reason")),),
        tone=Tone.DANGER,
    ),
)


def load(opening_id: int, actor: Actor) -> Opening:
    """The opening, or NotFound when its employer is out of the actor's reach."""
    query = select(Opening).where(Opening.id == opening_id, visible_to(actor))
    return the_one(query, _l("There is no such account opening."))


OPENING: Workflow[Opening] = Workflow(
    name="opening",
    title=_l("Account opening"),
    model=Opening,
    states=STATES,
    transitions=TRANSITIONS,
    acts=ACTS,
    since="since",
    kind="onboarding",
    load=load,
    endpoint="onboarding.show",
)
