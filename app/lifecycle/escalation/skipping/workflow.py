"""Asked, and consented to by somebody else: then the system passes the steps over."""

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.finding import the_one
from app.core.permissions import Actor
from app.core.workflow.engine import (
    Ask,
    Deadline,
    Move,
    Reason,
    State,
    Tone,
    Transition,
    Workflow,
    transition,
)
from app.lifecycle.escalation.models import SkipRequest
from app.lifecycle.escalation.policy import CONSENT_DAYS, Permission, objections_to_pursuit, skips_visible_to
from app.lifecycle.escalation.workflow import ESCALATION


def asked_by_another(skip: SkipRequest, actor: Actor | None) -> Reason | None:
    if actor is None or actor.id not in (skip.asked_by_id, skip.escalation.holder_id):
        return None
    return _l("You asked for this, or carry the matter: a second person consents.")


def asked_oneself(skip: SkipRequest, actor: Actor | None) -> Reason | None:
    if actor is None or actor.id == skip.asked_by_id:
        return None
    return _l("Only whoever asked withdraws the request.")


def may_still_be_pursued(skip: SkipRequest, _actor: Actor | None) -> list[Reason]:
    return objections_to_pursuit(skip.escalation.employer)


def answered(skip: SkipRequest, move: Move) -> None:
    skip.decided_by_id = move.actor.id if move.actor else None


def pass_over(skip: SkipRequest, move: Move) -> None:
    """Who asked and who consented stands with the step."""
    evidence = {"asked_by": skip.asked_by.name, "consented": move.actor.name if move.actor else ""}
    step = f"skip_{skip.target.value}"
    transition(ESCALATION, skip.escalation, step, None, comment=skip.reason, evidence=evidence)


def load(skip_id: int, actor: Actor) -> SkipRequest:
    """The request, or NotFound when its employer is out of the actor's reach."""
    query = select(SkipRequest).where(SkipRequest.id == skip_id, skips_visible_to(actor))
    return the_one(query, _l("There is no such request."))


SKIP: Workflow[SkipRequest] = Workflow(
    name="escalation_skip",
    title=_l("Request to pass steps over"),
    model=SkipRequest,
    states=(
        State("drafted", _l("Drafted")),
        State(
            "asked", _l("Waiting for consent"), Tone.WARNING,
            Deadline(_l("Answer the request to pass steps over"), CONSENT_DAYS),
        ),
        State("granted", _l("Consented"), Tone.GOOD, final=True),
        State("refused", _l("Not consented"), Tone.DANGER, final=True),
        State("withdrawn", _l("Withdrawn"), Tone.DONE, final=True),
        State("overtaken", _l("Overtaken"), Tone.DONE, final=True),
    ),
    transitions=(
        Transition("ask", _l("Ask to pass steps over"), ("drafted",), "asked", Permission.WORK),
        Transition(
            "grant", _l("Consent"), ("asked",), "granted", Permission.CONSENT,
            guards=(asked_by_another, may_still_be_pursued), effects=(answered, pass_over), tone=Tone.GOOD,
        ),
        Transition(
            "refuse", _l("Do not consent"), ("asked",), "refused", Permission.CONSENT,
            asks=(Ask("why", _l("Reason")),), guards=(asked_by_another,), effects=(answered,),
            tone=Tone.DANGER,
        ),
        Transition(
            "withdraw", _l("Withdraw the request"), ("asked",), "withdrawn", Permission.WORK,
            guards=(asked_oneself,),
        ),
        Transition("overtake", _l("The matter ended before"), ("asked",), "overtaken", None),
    ),
    kind="escalation",
    employer_id=lambda skip: skip.escalation.employer_id,
    load=load,
    url=lambda skip: url_for("escalation.show", id=skip.escalation_id),
)  # fmt: skip
